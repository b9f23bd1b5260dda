"""The report holds what a gateway did, judges it in words, and shows it in any terminal."""

import json
import re
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from zlib import crc32

import msgspec
import pytest
from tests.engine.kit import SOON, Fed, Feed, Shelf, Shelved, plan, readings, registry, sensors, until

from gaugeway import DeviceError, Reading, Reject, Sensor
from gaugeway.plan import PipelinePlan, SinkUse, SourceUse, StageUse
from gaugeway.service.gateway import Gateway
from gaugeway.service.health import diagnosis, machine, recent
from gaugeway.service.health.health import Health
from gaugeway.service.health.moment import Moment, Speechless
from gaugeway.service.health.phrases import counted, length, moment, names, number, plain, size
from gaugeway.service.health.report import Clock, Complaint, Disk, Journal, Outbox, Report, schema
from gaugeway.service.health.stacks import where
from gaugeway.service.health.text import as_text


def odd(reading: Reading) -> Reading | None:
    """Let odd values pass; cannot do it with 13."""
    if reading.value == 13:
        raise ValueError("unlucky")
    if reading.value % 2 == 0:
        reading.drop("even")
        return None
    reading.put("half", reading.value / 2)
    return reading


@dataclass
class Stand:
    """A gateway with one source, one stage and one sink, and its health."""

    folder: Path
    feed: Feed = field(default_factory=Feed)
    shelf: Shelf = field(default_factory=Shelf)

    @contextmanager
    def running(self) -> Generator["Stand"]:
        """Run it."""
        known = sensors("b", a=Sensor(kind="flow", unit="L/min", label="Pump", stale_after=3600.0))
        source = SourceUse(type="fed", id="src", options={"feed": self.feed}, sensors=known, retry=SOON)
        stages = (StageUse(type="odd", id="odd"), StageUse(type="odd", id="spare", flag="spare"))
        sink = SinkUse(type="shelved", id="shelf", options={"shelf": self.shelf}, retry=SOON)
        pipelines = PipelinePlan(source=source, stages=stages)
        known_plugins = registry(fed=("source", Fed), odd=("stage", odd), shelved=("sink", Shelved))
        file = self.folder / "gateway.yaml"
        file.write_text("node: test")
        self.gateway = Gateway(plan(self.folder, pipelines, sinks=[sink], flags={"spare": False}), known_plugins)
        self.health = Health(self.gateway)
        self.gateway.start()
        try:
            yield self
        finally:
            self.gateway.stop()

    def take_over(self, files: dict[Path, int]) -> None:
        """Have a plan in force that was made of these files."""
        self.gateway.plan = msgspec.structs.replace(self.gateway.plan, files=files)

    def when(self, condition: Callable[[Report], bool]) -> Report:
        """Return the report as soon as it shows something."""
        until(lambda: condition(self.health.now()))
        return self.health.now()


@pytest.fixture
def stand(tmp_path: Path) -> Generator[Stand]:
    """A gateway that runs."""
    with Stand(tmp_path).running() as stand:
        yield stand


def kinds(complaints: tuple[Complaint, ...]) -> set[str]:
    return {complaint.kind for complaint in complaints}


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
            r"wait \(.*/threading.py:\d+\), called by deep_inside \(service/test_health_report.py:\d+\)", where("deep")
        )
        assert where("nobody") == ""
    finally:
        way_out.set()
        thread.join()


def report_with(report: Report, **parts: object) -> Report:
    """Return a report with other parts, judged again."""
    changed = msgspec.structs.replace(report, **parts)
    complaints, remarks = diagnosis.diagnose(changed)
    summary = diagnosis.summary(changed, complaints)
    return msgspec.structs.replace(changed, complaints=complaints, remarks=remarks, summary=summary)


def test_a_disk_that_is_nearly_full(stand: Stand) -> None:
    """Less than a twentieth and less than half a gigabyte is too little."""
    disk = Disk(folder="/state", size=8_000_000_000, free=100_000_000, nearly_full=True)
    (complaint,) = report_with(stand.health.now(), disk=disk).complaints
    assert complaint.message == "the disk with /state is nearly full: 100 MB of 8 GB are free"
    found = machine.disk(stand.folder)
    assert found is not None
    assert 0 < found.free <= found.size
    assert machine.disk(stand.folder / "nothing") is None


@pytest.mark.parametrize(
    ("limit", "current", "idle", "nearly_full"),
    [("268435456", 262144000, 0, True), ("268435456", 262144000, 100_000_000, False), ("max", 0, 0, True)],
)
def test_memory_that_is_nearly_full(
    stand: Stand, tmp_path: Path, limit: str, current: int, idle: int, *, nearly_full: bool
) -> None:
    """By the bound of the unit where there is one, else by what the computer has; pages of files count as free."""
    group = tmp_path / "cgroup" / "system.slice" / "gaugeway.service"
    group.mkdir(parents=True)
    (group / "memory.max").write_text(f"{limit}\n")
    (group / "memory.current").write_text(f"{current}\n")
    (group / "memory.stat").write_text(f"anon 1\ninactive_file {idle}\n")
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "cgroup").write_text("1:name=systemd:/\n0::/system.slice/gaugeway.service\n")
    (tmp_path / "meminfo").write_text("MemTotal: 948308 kB\nMemFree: 1 kB\nMemAvailable: 51000 kB\n")
    memory = machine.memory(tmp_path / "cgroup", tmp_path)
    assert memory is not None
    assert (memory.ours, memory.nearly_full) == (limit != "max", nearly_full)
    found = report_with(stand.health.now(), memory=memory).complaints
    assert kinds(found) == ({"memory"} if nearly_full else set())
    for complaint in found:
        assert ("`MemoryMax=`" in complaint.advice) == memory.ours
        assert "`top -o RES` shows what does" in complaint.advice
    (tmp_path / "meminfo").unlink()
    assert (machine.memory(tmp_path / "cgroup", tmp_path) is None) == (limit == "max")


def test_a_clock_that_was_never_set(stand: Stand) -> None:
    """A remark: readings are marked until it is."""
    report = report_with(stand.health.now(), clock=Clock(now=0.0, set=False))
    assert "clock" in kinds(report.remarks)
    assert "clock " in as_text(report)
    assert "NOT SET" in as_text(report)


def test_an_outbox_that_cannot_deliver(stand: Stand) -> None:
    """Why, for how long, how much waits, and that nothing is lost; what was lost is said too."""
    outbox = Outbox(
        waiting=12,
        sent=5,
        dropped=3,
        thinned=0,
        dropped_recently=3,
        failing_for=300.0,
        next_try_in=2.0,
        last_error="nothing listens on localhost:1883",
        bytes_used=4096,
        bytes_written=8192,
        syncs=2,
    )
    (sink,) = stand.health.now().sinks
    report = report_with(stand.health.now(), sinks=(msgspec.structs.replace(sink, outbox=outbox),))
    undelivered, lost = report.complaints
    assert undelivered.message == (
        "sink 'shelf' cannot deliver for 5 min: nothing listens on localhost:1883; 12 messages wait in its outbox"
    )
    assert lost.message == "sink 'shelf' has lost 3 messages from its outbox in the last minute (3 since the start)"


def test_a_disk_that_takes_no_journal(stand: Stand) -> None:
    """What comes goes on, and is not safe: how much, why, and what to do."""
    journal = Journal(
        source="src",
        state="waiting",
        since=0.0,
        reason="No space left on device",
        waiting=0,
        unkept=17,
        used=0,
        size=1,
        written=0,
        syncs=0,
        damaged=0,
    )
    whole = stand.health.now()
    (complaint,) = report_with(whole, journals=(journal,)).complaints
    assert complaint.message.endswith("No space left on device; 17 readings went on without it")
    assert complaint.advice.startswith("make room on that disk")


def test_checkpoints_that_cannot_be_taken(stand: Stand) -> None:
    """A complaint, unless the reason is a sink's, which complains itself."""
    whole = stand.health.now()
    assert whole.checkpoints is not None
    failing = msgspec.structs.replace(whole.checkpoints, state="waiting", reason="disk is gone")
    (complaint,) = report_with(whole, checkpoints=failing).complaints
    assert (complaint.part, complaint.kind) == ("checkpoints", "checkpoints")
    assert "the state could not be saved since" in complaint.message
    sink = msgspec.structs.replace(whole.sinks[0], state="waiting", reason="disk is gone")
    assert [one.part for one in report_with(whole, checkpoints=failing, sinks=(sink,)).complaints] == ["sink shelf"]


def test_what_is_kept_on_disk(stand: Stand) -> None:
    """Journals and checkpoints have their figures."""
    stand.feed.say(*readings(1.0, 3.0))
    report = stand.when(lambda report: report.sinks[0].taken == 2)
    (journal,) = report.journals
    assert (journal.source, journal.state, journal.unkept, journal.damaged) == ("src", "running", 0, 0)
    assert 0 < journal.used < journal.size


def test_alarms_are_told_and_are_no_fault(stand: Stand) -> None:
    """Alarms that are active say something of the plant, not of the gateway."""
    (sink,) = stand.health.now().sinks
    telling = msgspec.structs.replace(sink, details={"active": ["a", "b", "c", "d"]})
    report = report_with(stand.health.now(), sinks=(telling,))
    assert report.summary == "2 sensors, 4 alarms"
    assert [remark.message for remark in report.remarks if remark.kind == "alarms"] == [
        "4 alarms are active: a, b, c and 1 more"
    ]


def test_a_sensor_that_falls_silent_without_a_limit(stand: Stand) -> None:
    """One that was heard regularly and is not any more is worth a remark, though nobody said how long is too long."""
    sensor = msgspec.structs.replace(
        stand.health.now().sensors[0],
        name="a",
        value=1.0,
        time=0.0,
        readings=3600,
        age=300.0,
        stale_after=None,
        quality="good",
    )
    process = msgspec.structs.replace(stand.health.now().process, uptime=3900.0)
    report = report_with(stand.health.now(), sensors=(sensor,), process=process)
    (remark,) = report.remarks
    assert remark.message == "sensor 'a' is silent for 5 min, and used to be heard every 1 s"
    rare = msgspec.structs.replace(sensor, readings=12)
    assert report_with(report, sensors=(rare,)).remarks == ()


def test_silent_sensors_of_a_source_in_trouble_are_told_with_it(stand: Stand) -> None:
    """Fifty sensors behind one cable are one complaint."""
    whole = stand.health.now()
    stale = tuple(
        msgspec.structs.replace(whole.sensors[0], name=f"s{index}", age=90.0, stale=True) for index in range(50)
    )
    source = msgspec.structs.replace(whole.sources[0], state="waiting", reason="port is gone", retry_at=None)
    (complaint,) = report_with(whole, sensors=stale, sources=(source,)).complaints
    assert complaint.message.endswith("port is gone; 50 sensors are silent with it")


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
