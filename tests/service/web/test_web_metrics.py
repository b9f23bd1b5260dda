"""What Prometheus reads is what health knows, in the form that Prometheus' own parser understands."""

import math
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Final

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.engine.kit import SOON, Fed, Feed, Shelf, Shelved, plan, readings, registry, sensors
from tests.service.health.patient import AWAY
from tests.support.waiting import until

from gaugeway import Reading, Reject, Sensor
from gaugeway.plan import PipelinePlan, SinkUse, SourceUse, StageUse
from gaugeway.service.gateway import Gateway
from gaugeway.service.health.health import Health
from gaugeway.service.health.report import Complaint, Report
from gaugeway.service.web.exposition import Family, Sample, written
from gaugeway.service.web.metrics import metrics

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]
NASTY: Final = 'a "b"\\c\nd{}=,#ü'


def above_ten(reading: Reading) -> Reading | None:
    """Let through what is above ten."""
    if reading.value > 10:
        return reading
    reading.drop("too low")
    return None


def figures(families: Iterable[Family]) -> Figures:
    """Return every figure by its name and labels, as Prometheus reads them."""
    found: Figures = {}
    for family in text_string_to_metric_families(written(families).decode()):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, "a figure is there twice"
            found[key] = sample.value
    return found


def the(found: Figures, name: str, **labels: str) -> float:
    """Return one figure."""
    return found[f"gaugeway_{name}", frozenset(labels.items())]


@pytest.fixture
def report(tmp_path: Path) -> Generator[Report]:
    """The report of a gateway through which something went."""
    feed, shelf = Feed(), Shelf()
    known = sensors("silent", a=Sensor(kind="flow", unit="L/min", stale_after=3600.0))
    source = SourceUse(type="fed", id="pump", options={"feed": feed}, sensors=known, retry=SOON)
    sink = SinkUse(type="shelved", id="shelf", options={"shelf": shelf}, retry=SOON)
    pipeline = PipelinePlan(source=source, stages=(StageUse(type="above_ten", id="above_ten"),))
    plugins = registry(fed=("source", Fed), above_ten=("stage", above_ten), shelved=("sink", Shelved))
    gateway = Gateway(plan(tmp_path, pipeline, sinks=[sink]), plugins)
    health = Health(gateway)
    gateway.start()
    try:
        feed.say(*readings(11.0, 1.0, 12.5), Reject("crc", b"\x00"), *readings(1.0, sensor="unknown"))
        until(lambda: sum(health.now().sources[0].rejected.values()) == 2 and shelf.values == [11.0, 12.5])
        yield health.now()
    finally:
        gateway.stop()


def test_every_figure_is_that_of_the_report(report: Report) -> None:
    """What came, what was left out and why, what went through, and how old the last of it is."""
    found = figures(metrics(report))
    assert the(found, "build_info", version=report.process.version, node="test", python=_python()) == 1
    assert the(found, "healthy") == 1
    assert the(found, "source_running", source="pump") == 1
    assert the(found, "source_readings_total", source="pump") == 3
    assert the(found, "source_rejected_total", source="pump", reason="crc") == 1
    assert the(found, "source_rejected_total", source="pump", reason="undeclared sensor") == 1
    assert the(found, "stage_readings_total", source="pump", stage="above_ten") == 2
    assert the(found, "stage_dropped_total", source="pump", stage="above_ten", reason="too low") == 1
    assert the(found, "sink_readings_total", sink="shelf") == 2
    assert the(found, "sensor_value", source="pump", sensor="a") == 12.5
    assert the(found, "sensor_age_seconds", source="pump", sensor="a") == report.sensors[0].age
    assert the(found, "sensor_stale", source="pump", sensor="a") == 0
    assert the(found, "journal_written_bytes_total", source="pump") > 0
    assert the(found, "checkpoint_age_seconds") >= 0
    assert found["process_open_fds", frozenset()] == report.process.files


def test_what_is_not_known_has_no_figure(report: Report) -> None:
    """A sensor that has said nothing has no age and no value, and nobody knows whether it is too old."""
    found = figures(metrics(report))
    of_silent = {name for name, labels in found if ("sensor", "silent") in labels}
    assert of_silent == {"gaugeway_sensor_readings_total"}


def test_the_cost_of_a_stage_is_a_summary(report: Report) -> None:
    """Its sum and its count, so that Prometheus can tell the mean of any time."""
    (stage,) = report.stages
    timed = msgspec.structs.replace(stage, nanoseconds=2000.0, sampled=5)
    found = figures(metrics(msgspec.structs.replace(report, stages=(timed,))))
    assert the(found, "stage_duration_seconds_sum", source="pump", stage="above_ten") == pytest.approx(1e-5)
    assert the(found, "stage_duration_seconds_count", source="pump", stage="above_ten") == 5


def test_outboxes_alarms_and_connections(report: Report) -> None:
    """What sinks that talk to a network say of themselves."""
    details = {"connected": False, "counts": {"normal": 4, "active": 1}}
    outbox = msgspec.structs.replace(AWAY, left_out=2)
    sink = msgspec.structs.replace(report.sinks[0], outbox=outbox, details=details)
    wrong = Complaint(part="sink shelf", kind="undelivered", message="")
    found = figures(metrics(msgspec.structs.replace(report, sinks=(sink,), complaints=(wrong,), state="unwell")))
    assert the(found, "outbox_messages", sink="shelf") == 12
    assert the(found, "outbox_dropped_total", sink="shelf") == 3
    assert the(found, "outbox_left_out_total", sink="shelf") == 2
    assert the(found, "outbox_failing_seconds", sink="shelf") == 300
    assert the(found, "outbox_syncs_total", sink="shelf") == 2
    assert the(found, "alarms", sink="shelf", state="active") == 1
    assert the(found, "sink_connected", sink="shelf") == 0
    assert the(found, "complaints", kind="undelivered") == 1
    assert the(found, "healthy") == 0


def test_a_source_that_hangs_does_not_run(report: Report) -> None:
    """Whatever state it was in when it last moved."""
    source = msgspec.structs.replace(report.sources[0], hangs=True)
    assert (
        the(figures(metrics(msgspec.structs.replace(report, sources=(source,)))), "source_running", source="pump") == 0
    )


def test_names_follow_the_customs(report: Report) -> None:
    """What only grows ends in `_total` and nothing else does; every family says what it means, in base units."""
    for family in metrics(report):
        assert family.name.endswith("_total") == (family.kind == "counter"), family.name
        assert family.about.endswith(".")
        assert not family.name.endswith(("_ms", "_kb", "_mb", "_minutes", "_percent"))


@pytest.mark.parametrize("text", [NASTY, "\\n", '"', "\\", "", "°C", "a\rb"])
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    """In labels, where devices have a say in it, and in what is told about a family."""
    found = figures([Family("a", "gauge", f"About {text}.", [Sample(1.0, (("name", text), ("other", "x")))])])
    assert found == {("a", frozenset({("name", text), ("other", "x")})): 1.0}


@pytest.mark.parametrize("value", [0.0, -0.0, 1.5e300, 5e-324, math.inf, -math.inf, 123456789012345678, 0.1, True])
def test_any_number_comes_out_as_it_went_in(value: float) -> None:
    """To the last digit."""
    assert figures([Family("a", "gauge", "About.", [Sample(value)])]) == {("a", frozenset()): value}


def test_not_a_number_is_one_too() -> None:
    """Prometheus has a word for it."""
    assert math.isnan(figures([Family("a", "gauge", "About.", [Sample(math.nan)])])["a", frozenset()])


def test_half_a_surrogate_harms_nobody() -> None:
    """What cannot be written as UTF-8 is told in another way."""
    assert b"\\udce4" in written([Family("a", "gauge", "About.", [Sample(1.0, (("name", "\udce4"),))])])


def test_a_family_without_samples_is_left_out() -> None:
    """Prometheus has no use for a name alone."""
    assert written([Family("a", "gauge", "About.", [])]).strip() == b""


def _python() -> str:
    import platform

    return platform.python_version()
