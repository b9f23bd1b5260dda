"""What is retained travels with the events where it can, and never in a state older than what was told before."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Final

import pytest
from tests.support.packets import CONNACK_5, ScriptedBroker
from tests.support.waiting import until

from gaugeway import DeviceError
from gaugeway.mqtt import Broker, Message, Publisher
from gaugeway_sinks.alert.bulletin import Stale
from gaugeway_sinks.alert.notices import AT_ONCE, Notices

EVENT: Final = Message("event", b"1")


class Counting(Publisher):
    """Counts what it is asked to deliver."""

    asked = 0

    def deliver(self, messages: Iterable[Message], along: Iterable[Message] = ()) -> bool:
        """Count and deliver."""
        self.asked += 1
        return super().deliver(messages, along)


class Board:
    """Has things that are out of date, and notices which tell of them; each drawing is numbered."""

    def __init__(self, broker: ScriptedBroker, *topics: str) -> None:
        self.broker = broker
        self.stale = Stale(ghosts=dict.fromkeys(topics))
        self.drawings = 0
        self.publisher = Counting(Broker.at(broker.address, client_id="gw"))
        self.notices = Notices(self.publisher, self._draw, self._put_back)
        self.publisher.start()
        broker.accept().say(CONNACK_5)
        until(lambda: self.publisher.connected, "there is a connection")

    def change(self, *topics: str) -> None:
        """Something else is out of date."""
        self._put_back(Stale(ghosts=dict.fromkeys(topics)))

    def deliver(self) -> "Outcome":
        """Deliver an event, as the sender of the outbox does."""
        return Outcome(self.notices)

    def acknowledge(self, *numbers: int, refused: bool = False) -> None:
        """Answer the messages that the broker has heard."""
        for number in numbers:
            self.broker.say(b"\x40\x03" + (0x8000 + number).to_bytes(2) + (b"\x87" if refused else b"\x00"))

    def close(self) -> None:
        """End it, however much is on its way."""
        self.broker.hang_up()
        self.publisher.close()
        self.notices.close()

    def _draw(self, most: int | None) -> tuple[Stale, Sequence[Message]]:
        if most is not None and len(self.stale) > most:
            return Stale(), ()
        self.drawings += 1
        drawn, self.stale = self.stale, Stale()
        return drawn, [Message(topic, b"drawing %d" % self.drawings, retain=True) for topic in drawn.ghosts]

    def _put_back(self, stale: Stale) -> None:
        self.stale.merge(stale)


class Outcome:
    """What became of a delivery, which happens on a thread of its own."""

    def __init__(self, notices: Notices) -> None:
        self.word = ""
        self._notices = notices
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self) -> str:
        """Return it."""
        self._thread.join(20.0)
        return self.word

    def _run(self) -> None:
        try:
            self._notices.deliver([EVENT])
            self.word = "delivered"
        except DeviceError as error:
            self.word = str(error)


@pytest.fixture
def board() -> Iterator[Board]:
    with ScriptedBroker() as broker, closing(Board(broker, "state")) as board:
        yield board


def test_an_event_takes_along_what_has_changed(board: Board) -> None:
    """Both go out at once, the event first; nothing is left to tell."""
    outcome = board.deliver()
    heard = board.broker.hear().heard
    assert 0 <= heard.index(b"event") < heard.index(b"state")
    board.acknowledge(0, 1)
    assert outcome.wait() == "delivered"
    assert not board.stale


def test_a_snapshot_that_is_refused_does_not_hold_up_events(board: Board) -> None:
    """The event is through and will not come again; the snapshot is told another time."""
    outcome = board.deliver()
    board.broker.hear()
    board.acknowledge(0)
    board.acknowledge(1, refused=True)
    assert outcome.wait() == "delivered"
    assert list(board.stale.ghosts) == ["state"]


def test_a_snapshot_that_is_refused_does_not_hold_up_others(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic that the access list forbids, say that of Home Assistant, does not keep those behind it from the rest."""
    monkeypatch.setattr("gaugeway_sinks.alert.notices.AT_ONCE", 1)
    board.change("other")
    board.notices.start()
    assert b"state" in board.broker.hear().heard
    board.acknowledge(0, refused=True)
    assert b"other" in board.broker.hear().heard
    board.acknowledge(1)
    assert b"drawing 2" in board.broker.hear().heard


class Noting(threading.Event):
    """Notes how long it is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return super().wait(timeout)


def test_what_the_broker_refuses_is_tried_less_and_less_often(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic that is forbidden for good does not keep a quiet gateway busy; what is taken in the end is no more."""
    bell = Noting()
    monkeypatch.setattr(board.notices, "_bell", bell)
    monkeypatch.setattr("gaugeway_sinks.alert.notices.PAUSE", 0.25)
    monkeypatch.setattr("gaugeway_sinks.alert.notices.LONGEST_PAUSE", 0.5)
    board.notices.start()
    for number in range(4):
        board.broker.hear()
        board.acknowledge(number, refused=number < 3)
    until(lambda: len(bell.waits) >= 5, "it looks again")
    assert bell.waits[:5] == [0.25, 0.5, 0.5, 0.5, 0.25]


def test_an_event_that_is_refused_is_told_so(board: Board) -> None:
    """With its topic."""
    outcome = board.deliver()
    board.broker.hear()
    board.acknowledge(0, refused=True)
    board.acknowledge(1)
    assert "write 'event' (not authorized)" in outcome.wait()


def test_what_is_lost_on_the_way_is_told_another_time(board: Board) -> None:
    """The event by the outbox, the snapshot by whoever tells next."""
    outcome = board.deliver()
    board.broker.hear().hang_up()
    assert "closed the connection" in outcome.wait()
    assert list(board.stale.ghosts) == ["state"]


def test_an_event_does_not_wait_for_many_snapshots(board: Board) -> None:
    """They are left to the thread."""
    board.change(*(f"s{number}" for number in range(AT_ONCE)))
    outcome = board.deliver()
    board.broker.hear()
    board.acknowledge(0)
    assert outcome.wait() == "delivered"
    assert len(board.stale) == AT_ONCE + 1


def test_nothing_is_drawn_while_something_older_is_told(board: Board) -> None:
    """Otherwise it might arrive before that, and the older state would be the one that stays."""
    board.notices.start()
    board.notices.wake()
    assert b"drawing 1" in board.broker.hear().heard
    board.change("state")
    outcome = board.deliver()
    until(lambda: board.publisher.asked == 2, "the event waits for its turn")
    board.acknowledge(0)
    heard = board.broker.hear().heard
    assert b"event" in heard
    assert b"state" not in heard
    assert board.drawings == 1
    board.acknowledge(1)
    assert outcome.wait() == "delivered"
    assert b"drawing 2" in board.broker.hear().heard
