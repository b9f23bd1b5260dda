"""An outlet decides what a failing sink does to the readings: wait, leave out or halt."""

import threading
from collections.abc import Iterable, Sequence
from typing import cast

import pytest
from tests.engine.kit import NEVER, SOON, Shelf, outlet, readings
from tests.support.waiting import until

from gaugeway import Clock, DeviceError, Reading, Sensor, Sensors, Tick
from gaugeway.contract import Urgent
from gaugeway.engine.audience import Audience
from gaugeway.engine.joint import HaltedError
from gaugeway.engine.outlet import Outlet, as_sink
from gaugeway.engine.waiting import ROOM
from gaugeway.plan import OnError, Retry, SinkUse
from gaugeway.sensor import chosen

FAULT = OSError(28, "No space left on device", "/data/readings.jsonl")


def ticked_until(out: Outlet, done: bool) -> None:
    """Let time pass until the outlet is (or is no longer) behind."""

    def reached() -> bool:
        out.tick(Tick(now=1.0))
        return out.behind is not done

    until(reached)


def test_a_batch_is_taken_at_once() -> None:
    """Taken means counted, and nothing waits."""
    shelf = Shelf()
    out = outlet(shelf)
    out.take(readings(1, 2))
    out.take(readings(3))
    assert shelf.batches == [readings(1, 2), readings(3)]
    assert (out.behind, out.status.state) == (False, "running")


def test_retry_keeps_the_order_and_doubles_nothing() -> None:
    """What came while the sink failed comes after what it failed on, each once."""
    shelf = Shelf(FAULT, DeviceError("still full"), FAULT)
    out = outlet(shelf)
    for number in range(5):
        out.take(readings(number))
    ticked_until(out, done=True)
    assert shelf.values == [0, 1, 2, 3, 4]
    assert (out.meter.failed, out.meter.dropped) == (3, {})


def test_a_sink_that_waits_is_left_alone_until_it_is_time() -> None:
    """Neither batches nor ticks reach it before its pause is over."""
    shelf = Shelf(FAULT)
    out = outlet(shelf, retry=NEVER)
    for number in range(5):
        out.take(readings(number))
        out.tick(Tick(now=1.0))
    assert (shelf.calls, shelf.ticks) == (1, [])
    assert (out.status.state, out.status.reason) == ("waiting", "No space left on device: /data/readings.jsonl")
    assert out.status.retry_at is not None


def test_what_goes_well_without_readings_lets_none_overtake_those_that_wait() -> None:
    """A file can be synced, or time be told, although it takes no line: what comes next waits behind what waits."""
    shelf = Shelf(FAULT)
    out = outlet(shelf, retry=NEVER)
    out.take(readings(1))
    out.flush()
    out.take(readings(2))
    assert out.status.state == "waiting"
    out.last_try()
    assert shelf.values == [1, 2]
    assert (out.behind, out.status.state) == (False, "running")


def test_the_backlog_is_bounded_and_the_oldest_goes_first() -> None:
    """A sink that is away for long costs a counted number of readings and no memory."""
    shelf = Shelf(FAULT)
    out = outlet(shelf, retry=NEVER)
    for number in range(ROOM + 3):
        out.take(readings(number, number + 0.5))
    assert out.meter.dropped == {"sink blocked": 6}
    out.last_try()
    assert shelf.values[:2] == [3, 3.5]
    assert len(shelf.batches) == ROOM


def test_a_pipeline_that_goes_on_pushes_out_nothing_of_one_that_waits() -> None:
    """What a broker sent has to be there afterwards, however much a device says meanwhile."""
    shelf = Shelf(FAULT)
    out = outlet(shelf, retry=NEVER)
    out.take(readings(1), Clock(pipeline="broker"))
    for number in range(ROOM + 3):
        out.take(readings(number, number + 0.5), Clock(pipeline="device"))
    assert out.meter.dropped == {"sink blocked": 6}
    out.last_try()
    assert shelf.values[:3] == [1, 3, 3.5]


def test_what_waited_is_seen_at_the_time_at_which_it_came() -> None:
    """Whatever time it is when the sink works again, and whichever pipeline finds that out."""
    seen: list[tuple[str, bool, float, float]] = []
    clock = Clock()

    class Notes(Shelf):
        def consume(self, stream: Iterable[Reading]) -> None:
            batch = list(stream)
            super().consume(batch)
            seen.append((clock.pipeline, clock.live, clock.now, batch[0].value))

        def tick(self, tick: Tick) -> None:
            seen.append((clock.pipeline, clock.live, tick.now, -1))

    notes = Notes()
    notes.broken = FAULT
    out = Outlet(SinkUse(type="notes", id="notes", retry=SOON), as_sink(notes), clock=clock)
    out.take(readings(1), Clock(live=True, now=10, pipeline="boiler"))
    out.take(readings(2), Clock(live=False, now=500, pipeline="history"))
    out.take(readings(3), Clock(live=True, now=11, pipeline="boiler"))
    notes.broken = None
    later = Clock(live=True, now=70, pipeline="boiler")

    def told_the_time() -> bool:
        out.tick(Tick(now=70), later)
        return bool(seen) and seen[-1][3] == -1

    until(told_the_time)
    assert seen == [
        ("boiler", True, 10, 1), ("history", False, 500, 2), ("boiler", True, 11, 3), ("boiler", True, 70, -1),
    ]  # fmt: skip


def test_a_sender_that_can_wait_is_told_to_before_anything_is_lost() -> None:
    """There is room left for what it has on the way."""
    out = outlet(Shelf(FAULT), retry=NEVER)
    while not out.pressed:
        out.take(readings(1))
    out.take(readings(2))
    assert not out.meter.dropped


def test_an_empty_batch_pushes_nothing_out() -> None:
    """A batch of which the sink wants no reading is no reason to drop another."""
    shelf = Shelf(FAULT)
    out = Outlet(SinkUse(type="t", id="out", select=("wanted",), retry=NEVER), shelf)
    for number in range(ROOM):
        out.take(readings(number, sensor="wanted"))
    out.take(readings(99, sensor="other"))
    assert not out.meter.dropped


@pytest.mark.parametrize("error", [FAULT, DeviceError("away"), ValueError("bug"), SystemExit(1)])
def test_skip_leaves_out_the_batch_and_goes_on(error: BaseException) -> None:
    """Counted by readings, and the next batch is taken."""
    shelf = Shelf(error)
    out = outlet(shelf, on_error="skip")
    out.take(readings(1, 2, 3))
    out.take(readings(4))
    assert shelf.values == [4]
    assert out.meter.dropped == {"error": 3}
    assert (out.meter.failed, out.meter.timed) == (1, 1)


@pytest.mark.parametrize("error", [FAULT, ValueError("bug")])
@pytest.mark.parametrize("worked", [0, 2])
def test_halt_names_the_sink_and_loses_nothing(error: BaseException, worked: int) -> None:
    """After the pipeline's restart the batch it halted on is tried first, also where it had worked before."""
    shelf = Shelf()
    out = outlet(shelf, "archive", on_error="halt")
    for value in range(worked):
        out.take(readings(value))
    shelf.faults.append(error)
    with pytest.raises(HaltedError, match="sink 'archive' failed: ") as halted:
        out.take(readings(worked))
    assert halted.value.__cause__ is error
    assert out.behind
    out.take(readings(worked + 1))
    assert shelf.values == list(range(worked + 2))


def test_a_bug_in_a_sink_is_retried_a_bounded_number_of_times() -> None:
    """What it fails on for good is left out, and the next batch has the same chances."""
    shelf = Shelf(*[ValueError("bug")] * 5)
    out = outlet(shelf, retry=Retry(first=0.001, most=0.001, attempts=3))
    out.take(readings(1, 2))
    out.take(readings(3))
    ticked_until(out, done=True)
    assert shelf.values == [3]
    assert out.meter.dropped == {"error": 2}
    assert (out.meter.failed, shelf.calls) == (5, 6)


def test_a_bug_is_logged_with_its_traceback_once(caplog: pytest.LogCaptureFixture) -> None:
    """The developer gets what is needed, the log is not filled."""
    out = outlet(Shelf(*[ValueError("bug")] * 4), retry=Retry(first=0.001, most=0.001, attempts=3))
    out.take(readings(1))
    ticked_until(out, done=True)
    assert [record.message for record in caplog.records if record.exc_info] == ["sink waits"]


def test_recovery_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """One line when it goes, one when it is back, and the pauses begin short again."""
    caplog.set_level("INFO")
    out = outlet(Shelf(FAULT, FAULT, FAULT))
    out.take(readings(1))
    ticked_until(out, done=True)
    assert [record.message for record in caplog.records] == ["sink waits", "sink works again"]
    assert out.status.state == "running"


def test_select_hands_on_ids_globs_and_kinds() -> None:
    """The sensor tables of all pipelines are asked what kind a sensor is."""
    shelf = Shelf()
    out = Outlet(SinkUse(type="t", id="out", select=("a", "tank*", "pressure")), shelf)
    tables = [Sensors({"p": Sensor(kind="pressure")}), Sensors({"t": Sensor(kind="temperature")})]
    out.audience = Audience(out.use.select, tables)
    out.take([Reading(name, 1.0) for name in ("a", "b", "tank1", "p", "t")])
    assert [reading.sensor for reading in shelf.batches[0]] == ["a", "tank1", "p"]


def test_a_reload_can_change_what_is_selected() -> None:
    """What was chosen before the reload is forgotten."""
    shelf = Shelf()
    out = Outlet(SinkUse(type="t", id="out", select=("a",)), shelf)
    out.take([Reading("a", 1.0), Reading("b", 2.0)])
    use = SinkUse(type="t", id="out", select=("pressure",))
    out.go_on_as(use, Audience(use.select, [Sensors({"b": Sensor(kind="pressure")})]))
    out.take([Reading("a", 3.0), Reading("b", 4.0)])
    assert shelf.values == [1.0, 4.0]


def test_what_is_selected_is_not_decided_by_what_a_reload_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that comes while a pipeline decides about a sensor waits for that; then it is decided anew."""
    shelf = Shelf()
    out = Outlet(SinkUse(type="t", id="out", select=("a",)), shelf)
    reload = threading.Thread(target=out.go_on_as, args=(SinkUse(type="t", id="out", select=("b",)), Audience(("b",))))

    def and_just_then(select: tuple[str, ...], sensor: str, declared: Sensor | None) -> bool:
        decided = chosen(select, sensor, declared)
        if select == ("a",):
            reload.start()
            reload.join(0.2)  # one that has to wait comes to its turn after this
        return decided

    monkeypatch.setattr("gaugeway.engine.audience.chosen", and_just_then)
    out.take(readings(1))
    reload.join()
    out.take(readings(2))
    assert shelf.values == [1]


def test_a_tick_reaches_the_sink_that_wants_it() -> None:
    """Time passes in the sink; one without `tick` is left alone."""
    shelf = Shelf()
    outlet(shelf).tick(Tick(now=7.0))
    assert shelf.ticks == [7.0]

    class Plain:
        def consume(self, stream: Iterable[Reading]) -> None: ...

    outlet(Plain()).tick(Tick(now=7.0))


@pytest.mark.parametrize("on_error", ["skip", "retry"])
def test_a_tick_that_fails_costs_no_reading(on_error: OnError) -> None:
    """Neither one that was taken nor one that waits is counted as lost."""

    class Clumsy(Shelf):
        def tick(self, tick: Tick) -> None:
            raise ValueError("bug")

    shelf = Clumsy()
    out = outlet(shelf, on_error=on_error, retry=Retry(first=0.001, most=0.001, attempts=2))
    for number in range(4):
        out.tick(Tick(now=1.0))
        out.take(readings(number))
    ticked_until(out, done=True)
    assert shelf.values == [0, 1, 2, 3]
    assert not out.meter.dropped


def test_closing_tries_once_more_and_makes_it_last() -> None:
    """Whatever pause was left, then flush, then close."""
    shelf = Shelf(FAULT)
    out = outlet(shelf, retry=NEVER)
    out.take(readings(1))
    out.close()
    assert shelf.values == [1]
    assert (shelf.flushed, shelf.closed, out.status.state) == (1, 1, "stopped")


def test_what_cannot_be_handed_over_at_the_end_is_counted() -> None:
    """The sink is closed all the same."""
    shelf = Shelf()
    shelf.broken = FAULT
    out = outlet(shelf, retry=NEVER)
    out.take(readings(1, 2))
    out.take(readings(3))
    out.close()
    assert out.meter.dropped == {"sink blocked": 3}
    assert (shelf.closed, out.behind) == (1, False)


@pytest.mark.parametrize("on_error", ["skip", "halt", "retry"])
def test_closing_never_raises_and_leaves_no_step_out(on_error: OnError) -> None:
    """A gateway that stops closes every sink, whatever one of them says."""

    class Clings(Shelf):
        def flush(self) -> None:
            super().flush()
            raise OSError(5, "Input/output error")

        def close(self) -> None:
            super().close()
            raise ValueError("bug")

    shelf = Clings()
    out = outlet(shelf, on_error=on_error)
    out.take(readings(1))
    shelf.broken = FAULT
    if on_error != "halt":
        out.take(readings(2))
    out.close()
    assert (shelf.flushed, shelf.closed, out.status.state) == (1, 1, "stopped")


class Box:
    """An outbox in memory, that fails as often as it is told to."""

    def __init__(self, *faults: BaseException) -> None:
        self.kept: list[bytes] = []
        self.synced: list[bytes] = []
        self.closed = 0
        self.faults = list(faults)

    def put(self, messages: Sequence[bytes], *, sync: bool = False) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.kept.extend(messages)
        if sync:
            self.synced.extend(messages)

    def close(self) -> None:
        self.closed += 1


class Alarm:
    """A sink that has something to say of each reading, the urgent among it in capitals."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    def consume(self, stream: Iterable[Reading]) -> list[bytes]:
        batch = list(stream)
        self.taken.extend(reading.value for reading in batch)
        return [Urgent(b"ALARM") if reading.value > 9 else b"%g" % reading.value for reading in batch]

    def tick(self, tick: Tick) -> list[bytes]:
        return [b"tick"]


def test_messages_go_to_the_outbox() -> None:
    """What `consume` and `tick` return is kept for whoever delivers it; the outbox is closed with the sink."""
    box = Box()
    out = Outlet(SinkUse(type="t", id="out"), Alarm(), box)
    out.take(readings(1, 2))
    out.tick(Tick(now=1.0))
    out.close()
    assert (box.kept, box.closed) == ([b"1", b"2", b"tick"], 1)


def test_an_alarm_is_on_disk_before_anything_else() -> None:
    """Urgent messages go first, and only they are waited for."""
    box = Box()
    Outlet(SinkUse(type="t", id="out"), Alarm(), box).take(readings(1, 10, 2))
    assert box.kept == [b"ALARM", b"1", b"2"]
    assert box.synced == [b"ALARM"]


@pytest.mark.parametrize("on_error", ["retry", "skip", "halt"])
def test_an_outbox_that_cannot_keep_a_message_doubles_nothing(on_error: OnError) -> None:
    """The batch was taken: only what the sink said of it waits, and the sink is handed nothing before that is kept."""
    alarm, box = Alarm(), Box(FAULT, FAULT)
    out = Outlet(SinkUse(type="t", id="out", on_error=on_error, retry=SOON), alarm, box)
    out.take(readings(1, 10))
    assert out.behind
    assert (box.kept, alarm.taken) == ([], [1, 10])
    out.take(readings(2))
    ticked_until(out, done=True)
    assert alarm.taken == [1, 10, 2]
    assert [message for message in box.kept if message != b"tick"] == [b"ALARM", b"1", b"2"]
    assert not out.meter.dropped


def test_what_a_sink_without_an_outbox_returns_is_its_own_affair() -> None:
    """Many a function returns what its last line did: the number of bytes that were written, say."""

    class Writes(Shelf):
        def consume(self, stream: Iterable[Reading]) -> None:
            super().consume(stream)
            return cast("None", 512)

    shelf = Writes()
    out = outlet(shelf)
    out.take(readings(1))
    assert shelf.values == [1]
    assert not out.meter.failed


def test_pipelines_take_turns() -> None:
    """A sink is never called twice at the same time."""

    class Jealous(Shelf):
        def __init__(self) -> None:
            super().__init__()
            self.alone = threading.Lock()
            self.together = 0

        def consume(self, stream: Iterable[Reading]) -> None:
            if not self.alone.acquire(blocking=False):
                self.together += 1
                return
            super().consume(stream)
            self.alone.release()

    shelf = Jealous()
    out = outlet(shelf)

    def give(first: int) -> None:
        for number in range(200):
            out.take(readings(first + number))

    threads = [threading.Thread(target=give, args=(1000 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shelf.together == 0
    assert sorted(shelf.values) == [1000 * number + value for number in range(4) for value in range(200)]
