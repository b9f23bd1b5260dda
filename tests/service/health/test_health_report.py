"""The report holds what a gateway did, judges it in words, and shows it in any terminal."""

import json
import re
import threading
import time
from collections.abc import Callable, Generator, Iterable
from functools import partial
from pathlib import Path
from zlib import crc32

import msgspec
import pytest
from tests.engine.kit import SOON, Fed, Feed, plan, readings, registry
from tests.service.health.patient import Stand, kinds, report_with
from tests.support.waiting import until

from gaugeway import DeviceError, Reading, Reject, Sensor
from gaugeway.plan import PipelinePlan, SinkUse, SourceUse
from gaugeway.service.gateway import Gateway
from gaugeway.service.health import recent
from gaugeway.service.health.health import Health
from gaugeway.service.health.heard import range_in
from gaugeway.service.health.moment import Moment, Speechless
from gaugeway.service.health.phrases import counted, length, moment, names, number, plain, size
from gaugeway.service.health.report import Report, as_json, schema
from gaugeway.service.health.stacks import where
from gaugeway.service.health.text import as_text


@pytest.fixture
def stand(tmp_path: Path) -> Generator[Stand]:
    """A gateway that runs."""
    with Stand(tmp_path).running() as stand:
        yield stand


def test_what_went_through(stand: Stand) -> None:
    """Every reading is counted where it went: in, left out, dropped, failed, taken."""
    stand.feed.say(*readings(1.0, 2.0, 3.0, 13.0), Reject("crc", b"?"), Reject("crc", b"!"))
    report = stand.when(lambda report: report.sinks[0].taken == 2 and bool(report.sources[0].rejected))
    (source,), (stage, spare), (sink,) = report.sources, report.stages, report.sinks
    assert (source.readings, source.rejected, source.came_recently, source.rejected_recently) == (4, {"crc": 2}, 6, 2)
    assert (stage.dropped, stage.failed, stage.failed_recently) == ({"even": 1, "error": 1}, 1, 1)
    assert (stage.passed, stage.last_error, spare.on) == (2, "ValueError: unlucky", False)
    assert (sink.taken, sink.dropped, sink.backlog, sink.outbox) == (2, {}, 0, None)
    heard, unheard = report.sensors
    assert (heard.name, heard.value, heard.unit, heard.kind, heard.label) == ("a", 13.0, "L/min", "flow", "Pump")
    assert (heard.readings, heard.stale, heard.quality) == (4, False, "good")
    assert heard.age is not None
    assert 0 <= heard.age < 60
    assert (unheard.name, unheard.value, unheard.age, unheard.readings) == ("b", None, None, 0)
    assert len(report.process.config_hash) == 8


def test_results_of_stages_are_shown(stand: Stand) -> None:
    """What stages add to a reading stands beside its value."""
    stand.feed.say(*readings(5.0))
    report = stand.when(lambda report: bool(report.sensors) and bool(report.sensors[0].results))
    assert report.sensors[0].results == {"half": 2.5}


def test_a_source_waits_as_long_as_it_fails(tmp_path: Path) -> None:
    """It is one outage from the first failure on, however often it is opened again, ticks and fails."""
    feed = Feed()
    with Stand(tmp_path, feed).running() as stand:
        feed.say(DeviceError("port is gone"))
        first = stand.when(lambda report: report.sources[0].state == "waiting").sources[0]
        for turn in range(2, 7):
            until(partial(_opened, feed, turn))
            feed.say(DeviceError("port is gone"))
        last = stand.when(lambda report: report.sources[0].reopened >= 6).sources[0]
        assert (last.state, last.since, last.reason) == ("waiting", first.since, "port is gone")
        report = stand.health.now()
        (complaint,) = report.complaints
        assert "source 'src' waits since" in complaint.message
        stand.feed.say(*readings(1.0))
        assert stand.when(lambda report: report.sources[0].state == "running").state == "well"


def _opened(feed: Feed, times: int) -> bool:
    return feed.opened >= times


def test_a_sensor_is_stale_by_the_time_it_was_heard(tmp_path: Path) -> None:
    """By when its reading came, not by what its device thinks the time is."""
    with Stand(tmp_path).running() as stand:
        stand.feed.say(Reading("a", 1.0, time=86400.0, stamp="device"))
        report = stand.when(lambda report: report.sensors[0].readings == 1)
        assert (report.sensors[0].stale, report.sensors[0].time) == (False, 86400.0)
        (pipeline,) = stand.gateway.pipelines
        pipeline.intake.sensors["a"].at -= 4000.0
        report = stand.health.now()
        assert report.sensors[0].stale
        assert kinds(report.complaints) == {"stale"}
        assert (report.state, report.summary) == ("unwell", "2 sensors, 1 stale")


def test_the_last_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is called recent is compared with the counters of a minute ago, and before that with zero."""
    monkeypatch.setattr(recent, "EVERY", 0.0)
    with Stand(tmp_path).running() as stand:
        stand.feed.say(*readings(1.0, 3.0), Reject("crc"))
        stand.when(lambda report: report.sources[0].came_recently == 3)
        for _ in range(recent.KEPT):
            stand.health.note()
        report = stand.health.now()
        assert (report.sources[0].came_recently, report.sources[0].rejected_recently) == (0, 0)
        assert report.sensors[0].rate == 0
        stand.feed.say(*readings(1.0, sensor="b"), *readings(5.0))
        report = stand.when(lambda report: report.sources[0].came_recently == 2)
        assert [sensor.rate > 0 for sensor in report.sensors] == [True, True]


def test_counters_that_a_reload_began_anew() -> None:
    """They have grown from zero, not shrunk."""
    counts = recent.Recent()
    assert counts.count("readings x", 5) == 5
    assert counts.seconds > 0


def test_what_an_outbox_lost_long_ago_is_not_recent_because_it_did_not_answer(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that waits for a slow disk when the counters are noted goes by what it said before."""
    monkeypatch.setattr(recent, "EVERY", 0.0)
    counts = recent.Recent()
    counts.note(stand.gateway, lambda: {"outbox x": 5})
    for _ in range(recent.KEPT):
        counts.note(stand.gateway, dict)
    assert counts.count("outbox x", 5) == 0


class Faulty:
    """A sink that cannot deliver every other message that it has."""

    def consume(self, stream: Iterable[Reading]) -> list[bytes]:
        """Have a message for each reading."""
        return [str(reading.value).encode() for reading in stream]

    def deliver(self, messages: Iterable[bytes]) -> None:
        """Choke on what is even."""
        if any(float(message) % 2 == 0 for message in messages):
            raise ValueError("odd ones only")


def test_what_a_bug_kept_back_is_told_apart_from_what_there_was_no_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the outbox itself, by the schema, and for a minute by a complaint."""
    monkeypatch.setattr(recent, "EVERY", 0.0)
    source = SourceUse(type="fed", id="src", options={"feed": Feed(*readings(1.0, 2.0, 3.0, 4.0, 5.0))})
    sink = SinkUse(type="faulty", id="away", retry=SOON)
    lines = plan(tmp_path, PipelinePlan(source=source), sinks=[sink])
    gateway = Gateway(lines, registry(fed=("source", Fed), faulty=("sink", Faulty)))
    health = Health(gateway)
    gateway.start()
    try:
        until(lambda: (box := health.now().sinks[0].outbox) is not None and box.sent + box.left_out == 5)
        report = health.now()
        for _ in range(recent.KEPT):
            health.note()
        later = health.now()
    finally:
        gateway.stop()
    outbox = report.sinks[0].outbox
    assert outbox is not None
    assert (outbox.sent, outbox.left_out, outbox.left_out_recently, outbox.dropped) == (3, 2, 2, 0)
    assert outbox.bug == "ValueError: odd ones only"
    assert kinds(report.complaints) == {"failing"}
    assert not later.complaints
    described: dict[str, dict[str, object]] = json.loads(json.dumps(schema()))["$defs"]["Outbox"]["properties"]
    assert set(json.loads(msgspec.json.encode(outbox))) == set(described)


class Telling:
    """A sink that reports what it is told to, if it reports anything."""

    def __init__(self, *, tell: Callable[[], object]) -> None:
        self.report = tell

    def consume(self, stream: Iterable[Reading]) -> None:
        """Forget a batch."""


def hangs() -> None:
    threading.Event().wait(1.0)


@pytest.mark.parametrize(
    ("tell", "details"),
    [
        (lambda: {"active": ["boiler_hot"], "odd": Path("/x")}, {"active": ["boiler_hot"], "odd": "/x"}),
        (lambda: 1 / 0, {"report": "ZeroDivisionError: division by zero"}),
        (lambda: 7, {"report": "ValidationError: Expected `object`, got `int`"}),
        (hangs, {"report": "does not answer"}),
    ],
)
def test_reports_of_plugins(tmp_path: Path, tell: Callable[[], object], details: dict[str, object]) -> None:
    """A plugin may report plain data of its own; one that fails or hangs in that is no fault of the gateway."""
    sink = SinkUse(type="telling", id="telling", options={"tell": tell})
    gateway = Gateway(plan(tmp_path, sinks=[sink]), registry(telling=("sink", Telling)))
    health = Health(gateway)
    for _ in range(2):
        assert health.now().sinks[0].details == details


def test_one_that_does_not_answer_is_not_asked_again() -> None:
    """However often health is asked, there is one thread that waits; it is asked anew when it has answered."""
    way_out, asked = threading.Event(), list[int]()

    def slow() -> int:
        asked.append(len(asked))
        way_out.wait()
        return 7

    moment_ = Moment(patience=0.01)
    for _ in range(5):
        with pytest.raises(Speechless, match="does not answer"):
            moment_.ask("slow", slow)
        assert moment_.ask("quick", lambda: 3) == 3
    assert asked == [0]
    way_out.set()
    until(lambda: not any(thread.name == "asking slow" for thread in threading.enumerate()))
    assert moment_.ask("slow", slow) == 7


def test_two_who_ask_at_once_are_both_told() -> None:
    """A part that is just telling one of them, the operator or the log of the service, is not dumb."""
    asked, told, way_out = threading.Event(), list[int](), threading.Event()

    def slow() -> int:
        asked.set()
        way_out.wait()
        return 7

    moment_ = Moment(patience=10.0)
    one = threading.Thread(target=lambda: told.append(moment_.ask("part", slow)))
    other = threading.Thread(target=lambda: told.append(moment_.ask("part", lambda: 8)))
    one.start()
    asked.wait()
    other.start()
    other.join(0.2)  # one that has to wait comes to its turn after this
    way_out.set()
    for thread in (one, other):
        thread.join()
    assert told == [7, 8]


def test_a_file_that_has_changed(stand: Stand) -> None:
    """A configuration that was edited and not taken over is worth a remark, not a fault."""
    file = stand.gateway.plan.file
    stand.take_over({file: crc32(b"node: test")})
    report = stand.health.now()
    assert report.process.config_changed == ()
    taken_over = report.process.config_hash
    file.write_text("node: other")
    report = stand.health.now()
    assert (report.state, kinds(report.remarks)) == ("well", {"changed", "unheard"})
    asked = [remark.advice for remark in report.remarks if remark.kind == "unheard"]
    assert all(advice.startswith("is it sent by this name? `gaugeway inspect --tap ") for advice in asked)
    assert report.process.config_changed == ("gateway.yaml",)
    assert report.process.config_hash == taken_over
    assert "taken over: gateway.yaml" in " ".join(remark.message for remark in report.remarks)
    file.write_text("node: test")
    assert stand.health.now().process.config_changed == ()
    file.write_text("node: other")
    stand.take_over({file: crc32(b"node: other")})
    assert stand.health.now().process.config_changed == ()
    assert stand.health.now().process.config_hash != taken_over
    file.unlink()
    assert stand.health.now().process.config_changed == ("gateway.yaml",)


def test_where_a_thread_is() -> None:
    """The innermost two places of a thread by its name; nothing for a thread that is not there."""
    way_out = threading.Event()

    def deep_inside() -> None:
        way_out.wait()

    thread = threading.Thread(target=deep_inside, name="deep")
    thread.start()
    try:
        until(lambda: "deep_inside" in where("deep"))
        assert re.fullmatch(
            r"wait \(.*/threading.py:\d+\), called by deep_inside \(health/test_health_report.py:\d+\)", where("deep")
        )
        assert where("nobody") == ""
    finally:
        way_out.set()
        thread.join()


def test_what_is_kept_on_disk(stand: Stand) -> None:
    """Journals and checkpoints have their figures."""
    stand.feed.say(*readings(1.0, 3.0))
    report = stand.when(lambda report: report.sinks[0].taken == 2)
    (journal,) = report.journals
    assert (journal.source, journal.state, journal.unkept, journal.damaged) == ("src", "running", 0, 0)
    assert 0 < journal.used < journal.size


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(stand: Stand, width: int) -> None:
    """Whatever there is to say; and nothing in it that a terminal would obey."""
    whole = stand.health.now()
    nasty = "a" * 300 + " \x1b[2J\x07 " + "words and more words " * 20
    source = msgspec.structs.replace(
        whole.sources[0], name="source-with-a-very-long-name", state="waiting", reason=nasty, rejected={"crc": 3}
    )
    sensor = msgspec.structs.replace(whole.sensors[0], name="\x1b[31mred", value=1e300)
    text = as_text(report_with(whole, sources=(source,), sensors=(sensor,)), width=width)
    assert "\x1b" not in text
    assert "\x07" not in text
    wide = [line for line in text.splitlines() if len(line) > max(40, width) and str(stand.folder) not in line]
    assert wide == []


def test_colours_only_where_they_are_wanted(stand: Stand) -> None:
    """The same words with and without."""
    report = stand.health.now()
    colored = as_text(report, color=True)
    assert "\x1b[32mwell\x1b[0m" in colored
    for code in ("\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"):
        colored = colored.replace(code, "")
    assert colored == as_text(report)


def test_words_of_a_driver_that_cannot_be_written(tmp_path: Path) -> None:
    """The name of a device may be no text at all; it is shown as well as it can be, on every way."""
    with Stand(tmp_path).running() as stand:
        stand.feed.say(DeviceError("/dev/\udcff is gone"))
        report = stand.when(lambda report: report.sources[0].state == "waiting")
    told = msgspec.json.decode(as_json(report), type=Report)
    assert told.sources[0].reason == "/dev/\\udcff is gone"
    assert told.summary == report.summary
    assert "/dev/? is gone" in as_text(report).encode().decode()


def test_the_schema_fits_the_report(stand: Stand) -> None:
    """Every field that is printed is described."""
    printed = json.loads(msgspec.json.encode(stand.health.now()))
    parts: dict[str, dict[str, dict[str, object]]] = json.loads(json.dumps(schema()))["$defs"]
    assert printed["schema"] == "gaugeway.health/1"
    for name, one in (("Report", printed), ("Process", printed["process"]), ("Source", printed["sources"][0])):
        assert set(one) == set(parts[name]["properties"])
    assert msgspec.json.decode(json.dumps(printed), type=Report).summary == printed["summary"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (length(0.42), "0.4 s"),
        (length(-1), "0.0 s"),
        (length(45), "45 s"),
        (length(120), "2 min"),
        (length(3600 * 3 + 1200), "3 h 20 min"),
        (length(7200), "2 h"),
        (length(86400 * 5), "5 d"),
        (size(999), "999 B"),
        (size(23_400_000), "23.4 MB"),
        (number(1, "sensor"), "1 sensor"),
        (number(12345, "reading"), "12,345 readings"),
        (counted({"crc": 1200, "too long": 1}), "1,200 crc, 1 too long"),
        (names(["a", "b"]), "a, b"),
        (plain("two\nlines \x1b[2J"), "two lines ?[2J"),
    ],
)
def test_phrases(said: str, words: str) -> None:
    """Numbers as people say them."""
    assert said == words


def test_moments() -> None:
    """The time alone for today, the date too for other days."""
    assert len(moment(time.time())) == len("12:00:00")
    assert moment(86400.0 * 365).startswith("1971-01-01") or moment(86400.0 * 365).startswith("1970-12-31")


def test_the_range_is_shown_in_the_unit_of_the_readings() -> None:
    """141 °F of a sensor that measures from 0 to 120 °C is nothing to look into."""
    probe = Sensor(kind="temperature", unit="°C", range=(0, 120))
    low, high = range_in(probe, "°F") or (0, 0)
    assert (round(low, 9), round(high, 9)) == (32, 248)
    assert range_in(probe, "°C") == (0, 120)
    assert range_in(probe, "kWh") is None
    assert range_in(Sensor(range=(0, 5)), "L/min") == (0, 5)
