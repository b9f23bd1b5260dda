"""Writes what is generated: the configuration reference and the JSON Schema beside the samples."""

from pathlib import Path

from gaugeway.config.shown.reference import reference
from gaugeway.config.shown.schema import schema_text
from gaugeway.registry import Registry

ROOT = Path(__file__).parents[1]

if __name__ == "__main__":
    registry = Registry.discover()
    (ROOT / "docs/configuration.md").write_text(reference(registry), encoding="utf-8")
    (ROOT / "configs/gaugeway.schema.json").write_text(schema_text(registry), encoding="utf-8")
