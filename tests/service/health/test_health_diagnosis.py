"""What is wrong is said in words, with what is to be done; what is merely worth a look is said apart."""

from collections.abc import Generator
from pathlib import Path

import msgspec
import pytest
from tests.engine.kit import Fed, Feed, plan, readings, registry
from tests.service.health.patient import AWAY, Stand, kinds, report_with
from tests.support.waiting import until

from gaugeway import Reading, Reject
from gaugeway.plan import PipelinePlan, SourceUse
from gaugeway.service.gateway import Gateway
from gaugeway.service.health import machine
from gaugeway.service.health.health import Health
from gaugeway.service.health.report import Clock, Disk, Report
from gaugeway.service.health.text import as_text


@pytest.fixture
def stand(tmp_path: Path) -> Generator[Stand]:
    """A gateway that runs."""
    with Stand(tmp_path).running() as stand:
        yield stand


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


def test_a_sink_without_a_connection(stand: Stand) -> None:
    """Although nothing waits yet: whoever relies on its alarms wants to know. Said once where something waits."""
    report = stand.health.now()
    away = msgspec.structs.replace(report.sinks[0], details={"trouble": "nothing listens on localhost:1883"})
    found = report_with(report, sinks=(away,))
    assert kinds(found.complaints) == {"unreachable"}
    assert found.complaints[0].message == "sink 'shelf' has no connection: nothing listens on localhost:1883"
    waits = msgspec.structs.replace(away, outbox=AWAY)
    assert "unreachable" not in kinds(report_with(report, sinks=(waits,)).complaints)
    back = msgspec.structs.replace(away, details={"trouble": ""})
    assert not report_with(report, sinks=(back,)).complaints


def test_a_sink_whose_alarms_are_refused_for_good(stand: Stand) -> None:
    """Nothing waits and nothing fails, and nobody is told of an alarm: that is a fault until one is taken again."""
    report = stand.health.now()

    def reporting(details: dict[str, object]) -> Report:
        return report_with(report, sinks=(msgspec.structs.replace(report.sinks[0], details=details),))

    (complaint,) = reporting({"left_out": 1200, "refusal": "http://hook answers\n400"}).complaints
    assert (complaint.part, complaint.kind) == ("sink shelf", "refused")
    assert complaint.message == (
        "sink 'shelf' leaves out what is refused for good, 1,200 since the start: http://hook answers 400"
    )
    assert complaint.advice.startswith("nobody is told of these alarms")
    (complaint,) = reporting({"refusal": "no"}).complaints
    assert complaint.message == "sink 'shelf' leaves out what is refused for good: no"
    assert not reporting({"left_out": 1200, "refusal": ""}).complaints
    assert not reporting({"refusal": 7}).complaints


def test_an_outbox_that_cannot_deliver(stand: Stand) -> None:
    """Why, for how long, how much waits, and that nothing is lost; what was lost is said too."""
    (sink,) = stand.health.now().sinks
    report = report_with(stand.health.now(), sinks=(msgspec.structs.replace(sink, outbox=AWAY),))
    undelivered, lost = report.complaints
    assert undelivered.message == (
        "sink 'shelf' cannot deliver for 5 min: nothing listens on localhost:1883; 12 messages wait in its outbox"
    )
    assert lost.message == "sink 'shelf' has lost 3 messages from its outbox in the last minute (3 since the start)"


def test_messages_that_a_bug_keeps_back(stand: Stand) -> None:
    """They are not said to be lost for want of room, which more room would not mend; the table adds both up."""
    report = stand.health.now()
    outbox = msgspec.structs.replace(
        AWAY, failing_for=None, dropped_recently=0, left_out=4, left_out_recently=2, bug="KeyError: 'id'"
    )
    found = report_with(report, sinks=(msgspec.structs.replace(report.sinks[0], outbox=outbox),))
    (complaint,) = found.complaints
    assert (complaint.part, complaint.kind) == ("sink shelf", "failing")
    assert complaint.message == (
        "sink 'shelf' could not deliver 2 messages in the last minute because of a bug, and left them out "
        "(4 since the start): KeyError: 'id'"
    )
    assert "buffer" not in complaint.advice
    assert "7 from its outbox" in as_text(found, width=120)


@pytest.mark.parametrize(("others", "more"), [(6, False), (6, True), (1, False), (1, True)])
def test_more_sensors_than_may_appear(tmp_path: Path, others: int, *, more: bool) -> None:
    """It is the bound that is named, not the format, unless something else was left out too."""
    feed = Feed(*readings(1.0, 2.0), *(Reading(f"other{index}", 1.0) for index in range(others)))
    feed.say(*([Reject("crc")] if more else []))
    pipeline = PipelinePlan(source=SourceUse(type="fed", id="src", options={"feed": feed}))
    narrow = msgspec.structs.replace(plan(tmp_path, pipeline), max_sensors=1)
    gateway = Gateway(narrow, registry(fed=("source", Fed)))
    health = Health(gateway)
    gateway.start()
    try:
        until(lambda: health.now().sources[0].came_recently == 2 + others + more)
        report = health.now()
    finally:
        gateway.stop()
    (found,) = report.complaints if others > 1 else report.remarks
    if more:
        assert found.kind == ("unreadable" if others > 1 else "rejected")
        return
    assert found.message == (
        f"source 'src' left out {others} of the last {others + 2} inputs: more sensors appear than "
        f"`limits.max_sensors` allows ({others} too many sensors)"
    )
    assert found.kind == "crowded"
    assert "`limits: {max_sensors: ...}`" in found.advice
    assert "format" not in found.advice


def test_a_disk_that_takes_no_journal(stand: Stand) -> None:
    """What comes goes on, and is not safe: how much, why, and what to do."""
    whole = stand.health.now()
    reason = "No space left on device"
    journal = msgspec.structs.replace(whole.journals[0], state="waiting", since=0.0, reason=reason, unkept=17)
    (complaint,) = report_with(whole, journals=(journal,)).complaints
    assert complaint.message.endswith("No space left on device; 17 readings went on without it")
    assert complaint.advice.startswith("make room on that disk")


def test_a_disk_that_fails_now_and_then(stand: Stand) -> None:
    """A remark: nothing is lost of what could be written again, but such a disk will not last."""
    whole = stand.health.now()
    (journal,) = whole.journals
    assert journal.failed_syncs == 0
    worn = msgspec.structs.replace(journal, failed_syncs=2)
    report = report_with(whole, journals=(worn,))
    (remark,) = (remark for remark in report.remarks if remark.kind == "worn")
    assert remark.message == "the disk failed 2 times to keep what source 'src' said; it was written again"
    assert report.state == "well"


def test_a_saved_state_that_cannot_be_used(tmp_path: Path) -> None:
    """It is set aside without a question; the operator hears of it."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.db").write_bytes(b"no database at all")
    with Stand(tmp_path).running() as stand:
        (remark,) = (remark for remark in stand.health.now().remarks if remark.kind == "worn")
        assert remark.part == "checkpoints"
        assert remark.message.startswith("the file with the saved state could not be used, and was set aside")


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
