"""gaugeway's public face: all that the author of a driver, stage or sink may import."""

from gaugeway.contract import Sink, Source, Stage, StageFunction, Urgent
from gaugeway.errors import ConfigError, DeviceError, GaugewayError, PluginError, Problem
from gaugeway.log import logger
from gaugeway.options import Address, Duration, FilePath, Meta, Secret, Size
from gaugeway.plugin import ReadingStage, behaviour, each, sink, source, stage
from gaugeway.reading import Quality, Reading, Reject, Tick
from gaugeway.rule import Rule
from gaugeway.sensor import Kind, Sensor, Sensors, chosen
from gaugeway.site import Clock, Site
from gaugeway.units import Quantity, canonical, convert
from gaugeway.version import version

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
    "version",
]
