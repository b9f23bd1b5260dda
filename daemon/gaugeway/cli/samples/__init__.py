"""The files that a new gateway begins with."""

from pathlib import Path


def sample(name: str) -> str:
    """Return the text of one of them."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
