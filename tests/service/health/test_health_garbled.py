"""Health is told whatever plugins put into a reading, and names what does not belong there."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from tests.engine.kit import SOON, Fed, Feed, Shelf, Shelved, plan, registry, sensors
from tests.service.health.patient import kinds
from tests.support.waiting import until

from gaugeway import Reading, Sensor
from gaugeway.plan import PipelinePlan, SinkUse, SourceUse, StageUse
from gaugeway.service.gateway import Gateway
from gaugeway.service.health.health import Health
from gaugeway.service.health.report import Report
from gaugeway.service.health.text import as_text
from gaugeway.service.web.exposition import written
from gaugeway.service.web.metrics import metrics

Spoil = Callable[[Reading], None]


class Double(float):
    """A number of a library of its own."""


class Word(str):
    """A text of a library of its own."""

    __slots__ = ()


def having(field: str, value: object) -> Spoil:
    """Return what sets a field of a reading, of whatever type it should be."""
    return lambda reading: setattr(reading, field, value)


def shown(report: Report) -> Report:
    """Return a report as it comes to who asked, having been shown in every form."""
    assert as_text(report)
    assert written(metrics(report))
    return msgspec.json.decode(msgspec.json.encode(report), type=Report)


def spoilt(folder: Path, spoil: Spoil, *, by_source: bool = False) -> Report:
    """Return the report on a gateway where the readings of one sensor are spoilt, by a stage or by the source."""

    def stage(reading: Reading) -> Reading | None:
        if reading.sensor == "a" and not by_source:
            spoil(reading)
        return None if reading.fate is not None else reading

    reading = Reading("a", 21.0)
    if by_source:
        spoil(reading)
    feed, shelf = Feed(Reading("a", 20.0), Reading("b", 1.0), reading), Shelf()
    known = sensors("b", a=Sensor(kind="temperature", unit="°C", range=(0.0, 120.0)))
    source = SourceUse(type="fed", id="src", options={"feed": feed}, sensors=known, retry=SOON)
    pipeline = PipelinePlan(source=source, stages=(StageUse(type="spoils", id="spoils"),))
    sink = SinkUse(type="shelved", id="shelf", options={"shelf": shelf}, retry=SOON)
    known_plugins = registry(fed=("source", Fed), spoils=("stage", stage), shelved=("sink", Shelved))
    gateway = Gateway(plan(folder, pipeline, sinks=[sink]), known_plugins)
    health = Health(gateway)
    gateway.start()
    try:
        until(lambda: health.now().sources[0].readings == 3 and bool(shelf.batches))
        return shown(health.now())
    finally:
        gateway.stop()


@pytest.mark.parametrize(
    ("spoil", "garbled"),
    [
        (having("value", "abc"), "value ('abc') is no number"),
        (having("value", None), "value (None) is no number"),
        (having("value", float("nan")), "value (nan) is no number"),
        (having("value", 10**400), "value (of type int) is no number"),
        (having("value", Decimal("21.5")), "value (of type Decimal) is no number"),
        (having("value", Double(21.5)), "value (of type Double) is no number"),
        (having("unit", 5), "unit (5) is no text"),
        (having("unit", "\udcb0C"), "unit ('\\udcb0C') is no text"),
        (having("quality", object()), "quality (of type object) is no text"),
        (having("time", "noon"), "time ('noon') is no number"),
        (having("average", [1.0]), "average (of type list) is no number"),
        (having("more", 7), "more (7) is no mapping"),
        (having("more", {"half": "much"}), "half ('much') is no number"),
        (having("more", {"half": float("inf")}), "half (inf) is no number"),
        (having("more", {3: 1.0}), "the name of a result (3) is no text"),
    ],
)
def test_what_a_stage_puts_into_a_reading(tmp_path: Path, spoil: Spoil, garbled: str) -> None:
    """The sensor, what is wrong with its reading and who may have done it are named; all else is shown."""
    report = spoilt(tmp_path, spoil)
    bad, good = report.sensors
    assert bad.garbled == (garbled,)
    assert (good.name, good.value, good.garbled) == ("b", 1.0, ())
    assert kinds(report.complaints) == {"garbled"}
    (complaint,) = report.complaints
    assert complaint.message == f"what sensor 'a' said last holds what does not belong there: {garbled}"
    assert "source 'src', or its stage spoils" in complaint.advice
    assert "garbled" in as_text(report)


def test_what_a_source_puts_into_a_reading(tmp_path: Path) -> None:
    """A unit that is none is not held against the range of the sensor either."""
    report = spoilt(tmp_path, having("unit", 5), by_source=True)
    assert report.sensors[0].garbled == ("unit (5) is no text",)
    assert report.sensors[0].value == 21.0


def test_a_name_that_only_inherits_from_a_text(tmp_path: Path) -> None:
    """It is the name of a sensor like any other."""
    feed = Feed(Reading(Word("a"), 1.0))
    source = SourceUse(type="fed", id="src", options={"feed": feed}, retry=SOON)
    gateway = Gateway(plan(tmp_path, PipelinePlan(source=source)), registry(fed=("source", Fed)))
    health = Health(gateway)
    gateway.start()
    try:
        until(lambda: bool(health.now().sensors))
        assert shown(health.now()).sensors[0].name == "a"
    finally:
        gateway.stop()


def test_reasons_that_are_no_text(tmp_path: Path) -> None:
    """What is left out is counted all the same."""
    report = spoilt(tmp_path, having("fate", Fraction(1, 2)))
    assert report.stages[0].dropped == {"of type Fraction": 2}
    assert shown(report).state == "well"


class Odd:
    """A sink whose report no JSON can hold."""

    def consume(self, stream: Iterable[Reading]) -> None:
        """Forget a batch."""

    def report(self) -> object:
        """Return the name of a file that is no text."""
        return {"pairs": {(1, 2): 3}, "file": "/media/\udcff"}


def test_a_report_of_a_plugin_that_cannot_be_written(tmp_path: Path) -> None:
    """It says why, in the place of the report."""
    gateway = Gateway(plan(tmp_path, sinks=[SinkUse(type="odd", id="odd")]), registry(odd=("sink", Odd)))
    report = shown(Health(gateway).now())
    assert str(report.sinks[0].details["report"]).startswith("UnicodeEncodeError")
    assert report.state == "well"
