"""gaugeway's public face: all that the author of a driver, stage or sink may import.

A name is imported when it is first used, so that what needs none of them, such as `gaugeway health`, answers at once.
"""

from gaugeway.version import version

TYPE_CHECKING = False  # as in `typing`, which would take longer to import than all that is here

if TYPE_CHECKING:
    from gaugeway.adapters import ReadingStage, each
    from gaugeway.card import behaviour, sink, source, stage
    from gaugeway.contract import Sink, Source, Stage, StageFunction, Urgent
    from gaugeway.errors import ConfigError, DeviceError, GaugewayError, PluginError, Problem
    from gaugeway.log import logger
    from gaugeway.options import Address, Duration, FilePath, Meta, Secret, Size
    from gaugeway.reading import Quality, Reading, Reject, Tick
    from gaugeway.rule import Rule
    from gaugeway.sensor import Kind, Sensor, Sensors, chosen
    from gaugeway.site import Clock, Site
    from gaugeway.tls import trusting
    from gaugeway.units import Quantity, canonical, convert

__all__ = [
    "Address",
    "Clock",
    "ConfigError",
    "DeviceError",
    "Duration",
    "FilePath",
    "GaugewayError",
    "Kind",
    "Meta",
    "PluginError",
    "Problem",
    "Quality",
    "Quantity",
    "Reading",
    "ReadingStage",
    "Reject",
    "Rule",
    "Secret",
    "Sensor",
    "Sensors",
    "Sink",
    "Site",
    "Size",
    "Source",
    "Stage",
    "StageFunction",
    "Tick",
    "Urgent",
    "behaviour",
    "canonical",
    "chosen",
    "convert",
    "each",
    "logger",
    "sink",
    "source",
    "stage",
    "trusting",
    "version",
]

HOMES = {
    "adapters": ("ReadingStage", "each"),
    "card": ("behaviour", "sink", "source", "stage"),
    "contract": ("Sink", "Source", "Stage", "StageFunction", "Urgent"),
    "errors": ("ConfigError", "DeviceError", "GaugewayError", "PluginError", "Problem"),
    "log": ("logger",),
    "options": ("Address", "Duration", "FilePath", "Meta", "Secret", "Size"),
    "reading": ("Quality", "Reading", "Reject", "Tick"),
    "rule": ("Rule",),
    "sensor": ("Kind", "Sensor", "Sensors", "chosen"),
    "site": ("Clock", "Site"),
    "tls": ("trusting",),
    "units": ("Quantity", "canonical", "convert"),
}
"""In which module each name is at home. `version` is the name of its module too, and so cannot wait to be asked for."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a name of the public face, once."""
        from importlib import import_module  # noqa: PLC0415  (see above)

        home = next((module for module, names in HOMES.items() if name in names), None)
        if home is None:
            raise AttributeError(f"module 'gaugeway' has no attribute '{name}'")
        found = getattr(import_module(f"gaugeway.{home}"), name)
        globals()[name] = found
        return found
