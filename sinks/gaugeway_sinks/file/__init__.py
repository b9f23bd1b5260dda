"""The sink that keeps readings in a local file."""

from gaugeway_sinks.file.sink import File

__all__ = ["File"]
