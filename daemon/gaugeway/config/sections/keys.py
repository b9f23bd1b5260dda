"""The keys that may stand in a file, each with its shape and what people are told of it."""

from typing import Final, get_args

from gaugeway.config.sections.chain import ChainShape
from gaugeway.config.sections.entries import RETRY
from gaugeway.config.sections.names import LONGEST
from gaugeway.config.sections.rules import RulesShape
from gaugeway.config.sections.setting import Setting
from gaugeway.config.sections.sinks import sinks
from gaugeway.config.sections.sources import sources
from gaugeway.config.sections.whole import StorageKeys
from gaugeway.config.shapes.annotation import struct_shape
from gaugeway.config.shapes.choice import Choice
from gaugeway.config.shapes.collections import AnyShape, ListShape, TableShape
from gaugeway.config.shapes.places import PathShape
from gaugeway.config.shapes.record import FILE, Field, Record
from gaugeway.config.shapes.scalars import Text, Truth
from gaugeway.config.shapes.shape import Shape
from gaugeway.plan import Http, Limits, Logging
from gaugeway.sensor import Kind

FOLDERS: Final = ListShape(PathShape(), tuple, single=True)
PROBE: Final = {"probe": {"kind": "temperature", "unit": "°C", "range": [-40, 125]}}
CASES: Final = (
    {"hot": {
        "readings": [{"at": "0s", "sensor": "t", "value": 91}, {"at": "31s", "sensor": "t", "value": 91}],
        "expect": [{"at": "30s", "alert": "too_hot", "event": "raised"}],
    }},
    {"nonsense": {
        "readings": [{"sensor": "t", "value": 850}],
        "expect": [{"sensor": "t", "dropped": "above range"}],
    }},
)  # fmt: skip
NODE: Final = Text(r"^[^+#/\s]+$", 1, LONGEST, "be a name without blanks, +, # and /")


def keys(setting: Setting) -> Record:
    """Return all that may stand in a file."""
    chain = ChainShape(setting.registry)
    anything, truths = TableShape(AnyShape()), TableShape(Truth())
    storage, limits, logging, http = (
        struct_shape(struct, f"of {name}")
        for name, struct in (("storage", StorageKeys), ("limits", Limits), ("logging", Logging), ("http", Http))
    )
    table = [
        _key("version", Choice({"1": 1}), "The version of this format.", 1),
        _key("node", NODE, "The name of this gateway; by default the host's.", "plant1"),
        _key("storage", storage, "Where state is kept, and how often it is made to last."),
        _key("plugins", FOLDERS, "Folders with plugins of your own.", ["plugins"]),
        _key("templates", anything, "What several entries have in common; an entry takes it with `like`.", PROBE),
        _key("defaults", _defaults(), "What all sensors of a kind have in common.", {"pressure": {"unit": "bar"}}),
        _key("sources", sources(setting, chain), "Where readings come from."),
        _key("stages", chain, "What happens to them, in this order.", ["in_range", "normalise"]),
        _key("sinks", sinks(setting), "Where they go."),
        _key("alerts", RulesShape(setting), "When to raise an alarm: rules, or the files that hold them."),
        _key("flags", truths, "Switches that turn stages on and off.", {"winter": True}),
        _key("limits", limits, "Bounds, on what a wildcard may invent and on what all may cost."),
        _key("logging", logging, "What is logged, and in which form."),
        _key("http", http, "Figures for Prometheus, and health over HTTP; nothing listens where this is left out."),
        _key("retry", RETRY.shape, "How sources and sinks are tried again that do not say it themselves."),
        _key(
            "tests",
            anything,
            "Cases for `gaugeway test`, by name: the `readings` that go in, at their times, and what to `expect` of "
            "what comes out. The events of alarms have to be exactly those; `expect: []` says that there are none.",
            *CASES,
        ),
    ]
    return Record(table, FILE)


def _defaults() -> Record:
    kinds: tuple[str, ...] = get_args(Kind)
    return Record(
        (_key(kind, TableShape(AnyShape()), f"Properties of all sensors of the kind {kind}.") for kind in kinds),
        "of defaults",
    )


def _key(name: str, shape: Shape[object], description: str, *examples: object) -> Field:
    return Field(name=name, shape=shape, required=name == "sources", description=description, examples=examples)
