"""What is added to an event when it is sent, and what is told of those that are not."""

import msgspec
from msgspec import structs
from tests.sinks.alarms.kit import HOT, START, Bench

from gaugeway import Reading, Urgent
from gaugeway_sinks.alarms.alarm.event import Event
from gaugeway_sinks.alarms.post.dispatch import Dispatch


def made(*values: float, remind: float | None = None, wait: float = 0.0) -> list[bytes]:
    """Return the messages that a panel makes of some readings and of the time after them."""
    bench = Bench({"hot": structs.replace(HOT, remind=remind)})
    packed: list[bytes] = []
    for value in values:
        packed += bench.post.pack(bench.panel.consume([Reading("t", value, bench.now, "°C")], bench.clock))
    for _ in range(round(wait)):
        bench.now += 1.0
        bench.clock.now = bench.now
        packed += bench.post.pack(bench.panel.tick(bench.now, bench.clock))
    return packed


def sent(dispatch: Dispatch, packed: list[bytes], now: float = START) -> list[Event]:
    """Send messages, and return the events as they arrive."""
    messages = dispatch.messages(packed, now)
    dispatch.sent()
    return [msgspec.json.decode(message.payload, type=Event) for message in messages]


def test_alarms_are_urgent_and_reminders_are_not() -> None:
    """So the outbox brings the first to disk before it sends them, and lets go of the others first."""
    packed = made(86.0, remind=60.0, wait=60.0)
    assert [isinstance(message, Urgent) for message in packed] == [True, False]


def test_what_is_sent_at_once_is_no_history() -> None:
    """It carries when and where it was sent."""
    (event,) = sent(Dispatch("gw/plant1"), made(86.0))
    assert not event.historical
    assert len(event.boot) == 4
    assert event.uptime_ms > 0
    assert event.dropped_before == 0


def test_what_is_sent_late_is_history_and_keeps_its_time() -> None:
    """An hour later it is the same event, marked."""
    packed = made(86.0)
    (at_once,), (late,) = (sent(Dispatch("gw/plant1"), packed, now) for now in (START, START + 3600.0))
    assert late.historical
    assert (late.id, late.emitted, late.raised) == (at_once.id, at_once.emitted, at_once.raised)


def test_events_that_the_outbox_let_go_are_counted() -> None:
    """The next one that arrives tells how many."""
    packed = made(*[86.0, 80.0] * 5)
    dispatch = Dispatch("gw/plant1")
    told = [event.dropped_before for event in sent(dispatch, [packed[0], *packed[4:7], packed[9]])]
    assert told == [0, 3, 0, 0, 2]


def test_a_failed_delivery_counts_nothing_twice() -> None:
    """The same messages are asked for again, and say the same."""
    packed = made(*[86.0, 80.0] * 5)
    dispatch = Dispatch("gw/plant1")
    sent(dispatch, packed[:1])
    for _ in range(3):
        first = dispatch.messages(packed[5:], START)[0]
        assert msgspec.json.decode(first.payload, type=Event).dropped_before == 4


def test_late_reminders_are_left_out() -> None:
    """Nobody wants to be reminded of yesterday; the next reminder in time tells how many were left out."""
    packed = made(86.0, remind=60.0, wait=190.0)
    dispatch = Dispatch("gw/plant1")
    assert [event.event for event in sent(dispatch, packed[:3], START + 1000.0)] == ["raised"]
    (reminded,) = sent(dispatch, packed[3:], START + 180.0)
    assert (reminded.event, reminded.dropped_before) == ("reminded", 2)


def test_a_restart_begins_to_count_anew() -> None:
    """What the first message after a restart follows is not known."""
    packed = made(*[86.0, 80.0] * 5)
    assert [event.dropped_before for event in sent(Dispatch("gw/plant1"), packed[5:])] == [0] * 5
