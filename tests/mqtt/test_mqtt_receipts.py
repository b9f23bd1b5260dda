"""Nothing is acknowledged before it is safe, and nothing that was taken is taken again."""

from collections.abc import Iterator
from itertools import takewhile
from operator import length_hint
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gaugeway.mqtt import DUP, USUAL, Delivery, Receipts, Run
from gaugeway.mqtt.packets import PINGREQ
from gaugeway.mqtt.receipts import MOST_UNSURE

PUBACK: Final = 0x40
PUBREC: Final = 0x50
PUBCOMP: Final = 0x70
PING: Final = 0xC0


def message(mid: int, digest: int = 7, *, qos: int = 1, again: bool = False) -> Delivery:
    return Delivery(b"t", b"21.5", 0x30 | qos << 1 | (DUP if again else 0), receipt(mid, digest))


def receipt(mid: int, digest: int = 7) -> int:
    return mid << 32 | digest


def run(*deliveries: Delivery) -> Run:
    return Run(
        [one.topic for one in deliveries],
        [one.payload for one in deliveries],
        [one.mid for one in deliveries],
        [one.receipt for one in deliveries],
    )


def packets(sent: bytes) -> list[tuple[int, int]]:
    """Return kind and number of each acknowledgement; a ping may stand behind them."""
    sent = sent.removesuffix(PINGREQ)
    assert len(sent) % 4 == 0
    parts = [sent[at : at + 4] for at in range(0, len(sent), 4)]
    assert all(part[1] == 2 for part in parts)
    return [(part[0], int.from_bytes(part[2:])) for part in parts]


def test_a_message_is_acknowledged_once_and_only_when_it_is_safe() -> None:
    """Before `commit` nothing is due; after it, all that was taken, in the order of arrival, a single time."""
    receipts = Receipts(10)
    for mid in (3, 1, 2):
        receipts.take(message(mid))
    assert (receipts.due(), receipts.held) == (b"", 3)
    receipts.commit()
    receipts.take(message(4))
    assert packets(receipts.due()) == [(PUBACK, 3), (PUBACK, 1), (PUBACK, 2)]
    assert (receipts.due(), receipts.held) == (b"", 1)


def test_a_message_with_nothing_to_keep_is_acknowledged_at_once_but_not_before_its_turn() -> None:
    """A stream of rubbish makes progress by itself; behind a message that is not safe it waits."""
    receipts = Receipts(10)
    receipts.take(message(1), safe=True)
    assert packets(receipts.due()) == [(PUBACK, 1)]
    receipts.take(message(2))
    receipts.take(message(3), safe=True)
    assert receipts.due() == b""
    receipts.commit()
    assert packets(receipts.due()) == [(PUBACK, 2), (PUBACK, 3)]


def test_what_is_followed_is_taken_as_far_as_it_was_asked_for() -> None:
    """The messages behind the one that was handed on last are not acknowledged yet, and one that is left out never."""
    receipts = Receipts(10)
    messages = run(*map(message, (1, 2, 3, 4)))
    assert list(receipts.follow(messages, 0, ["a"])) == ["a"]
    turn = receipts.follow(messages, 2, ["c", "d"])
    assert receipts.held == 1
    receipts.commit()
    assert packets(receipts.due()) == [(PUBACK, 1)]
    assert next(turn) == "c"
    assert receipts.news() == [receipt(3)]
    receipts.take(message(5))
    receipts.resume(session_present=True)
    assert receipts.unacknowledged() == [receipt(1), receipt(3), receipt(5)]


def test_qos_2_goes_through_both_steps() -> None:
    """Safe: PUBREC; let go of by the broker: PUBCOMP, and its number may stand for another message."""
    receipts = Receipts(10)
    receipts.take(message(5, qos=2))
    receipts.commit()
    assert packets(receipts.due()) == [(PUBREC, 5)]
    assert receipts.unacknowledged() == [receipt(5)]
    receipts.release([5])
    assert packets(receipts.due()) == [(PUBCOMP, 5)]
    receipts.resume(session_present=True)
    assert not receipts.seen(message(5, qos=2, again=True))


@pytest.mark.parametrize("qos", [1, 2])
def test_what_was_safe_and_comes_again_is_acknowledged_again_and_not_taken(qos: int) -> None:
    """The acknowledgement was lost with the connection."""
    receipts = Receipts(10)
    receipts.take(message(1, qos=qos))
    receipts.commit()
    lost = receipts.due()
    receipts.resume(session_present=True)
    assert receipts.seen(message(1, qos=qos, again=True))
    assert receipts.due() == lost


@pytest.mark.parametrize("qos", [1, 2])
def test_what_was_not_yet_safe_and_comes_again_waits_for_commit(qos: int) -> None:
    """It was handed on before the interruption, so it is not taken twice, and not acknowledged too early either."""
    receipts = Receipts(10)
    receipts.take(message(1, qos=qos))
    receipts.resume(session_present=True)
    assert receipts.seen(message(1, qos=qos, again=True))
    assert receipts.due() == b""
    receipts.commit()
    assert packets(receipts.due()) == [(PUBACK if qos == 1 else PUBREC, 1)]


def test_what_became_safe_during_the_interruption_is_acknowledged_when_it_comes_again() -> None:
    """The commit came between the two connections, when nothing could be sent."""
    receipts = Receipts(10)
    receipts.take(message(1))
    receipts.commit()
    receipts.resume(session_present=True)
    assert receipts.due() == b""
    assert receipts.seen(message(1, again=True))
    assert packets(receipts.due()) == [(PUBACK, 1)]


def test_another_message_with_an_old_number_is_new() -> None:
    """Only number and content together, on a message the broker marks as sent again, are recognised."""
    receipts = Receipts(10)
    receipts.take(message(1, 7))
    receipts.commit()
    receipts.resume(session_present=True)
    assert not receipts.seen(message(1, 8, again=True))
    assert not receipts.seen(message(2, 7, again=True))
    assert not receipts.seen(message(1, 7))


def test_a_new_session_has_nothing_to_do_with_the_old() -> None:
    """A broker that lost the session counts from 1 again: its messages are new, whatever they look like."""
    receipts = Receipts(10)
    for qos in (1, 2):
        receipts.take(message(qos, qos=qos))
    receipts.resume(session_present=False)
    assert not receipts.seen(message(1, again=True))
    receipts.commit()
    assert (receipts.due(), receipts.unacknowledged()) == (b"", [])


def test_what_an_earlier_process_had_taken_is_recognised() -> None:
    """Its list of unacknowledged messages is all that the next process needs, and a commit what it waits for."""
    before = Receipts(10)
    before.take(message(1))
    before.commit()
    before.take(message(2, qos=2))
    after = Receipts(10)
    after.recognise(before.unacknowledged())
    after.resume(session_present=True)
    assert after.seen(message(1, again=True))
    assert after.seen(message(2, qos=2, again=True))
    assert (after.due(), after.news()) == (b"", [])
    after.commit()
    assert packets(after.due()) == [(PUBACK, 1), (PUBREC, 2)]
    assert not after.seen(message(3, again=True))


def test_what_an_earlier_process_had_made_safe_is_acknowledged_at_once() -> None:
    """A commit before the first connection says so of all that was recognised."""
    receipts = Receipts(10)
    receipts.recognise([receipt(1)])
    receipts.commit()
    receipts.resume(session_present=True)
    assert receipts.seen(message(1, again=True))
    assert packets(receipts.due()) == [(PUBACK, 1)]


def test_of_a_message_that_was_begun_it_is_known_how_much_was_handed_on() -> None:
    """Whether the line broke or the process died: what comes again is not handed on a second time."""
    receipts = Receipts(10)
    rest = iter("abcd")
    receipts.hand_on(message(5), 4, rest)
    assert receipts.news() == []
    assert next(rest) + next(rest) == "ab"
    assert receipts.news() == [(receipt(5), 2)]
    after = Receipts(10)
    after.recognise(receipts.unacknowledged())
    for one in (receipts, after):
        one.resume(session_present=True)
        assert not one.seen(message(5, again=True))
        assert one.begun(message(5, again=True)) == 2
        assert [one.begun(other) for other in (message(5), message(6, again=True), message(5, 8, again=True))] == [
            0
        ] * 3
        one.hand_on(message(5, again=True), 4, iter("cd"))
        one.take(message(5, again=True))
        assert one.news() == [receipt(5)]
    receipts.resume(session_present=False)
    assert receipts.begun(message(5, again=True)) == 0


def test_news_is_told_once() -> None:
    """A journal adds to each record what was taken since the one before."""
    receipts = Receipts(10)
    receipts.take(message(1, 70))
    receipts.take(message(2, 71))
    assert receipts.news() == [receipt(1, 70), receipt(2, 71)]
    receipts.take(message(3, 72))
    assert receipts.news() == [receipt(3, 72)]
    receipts.commit()
    receipts.take(message(4, 73))
    assert receipts.news() == [receipt(4, 73)]
    assert receipts.news() == []


@given(st.integers(1, 50))
def test_no_more_is_remembered_than_was_said(memory: int) -> None:
    """Of what the broker surely knows to be acknowledged the newest are kept; those not acknowledged yet all are."""
    receipts = Receipts(memory)
    for mid in range(1, 101):
        receipts.take(message(mid, mid))
        receipts.commit()
    assert receipts.due().endswith(PINGREQ)
    receipts.answered()
    receipts.take(message(101, 101))
    assert receipts.unacknowledged() == [receipt(mid, mid) for mid in range(101 - memory, 102)]


def test_what_is_half_way_through_qos_2_is_not_sure_until_the_broker_lets_go_of_it() -> None:
    """A broker that has read no acknowledgement sends all of them again: that many have to be known."""
    receipts = Receipts(10)
    for mid in range(1, 101):
        receipts.take(message(mid, qos=2))
    receipts.commit()
    receipts.due()
    assert receipts.unsure == len(receipts.unacknowledged()) == 100
    receipts.release(range(1, 101))
    assert receipts.unsure == 0


def test_what_the_broker_may_not_have_read_yet_is_remembered_beyond_the_memory_for_the_rest() -> None:
    """A busy broker sends thousands of messages before it reads an acknowledgement, and all again after a cut."""
    receipts = Receipts(2)
    receipts.resume(session_present=False)
    for mid in range(1, 101):
        receipts.take(message(mid, mid))
        receipts.commit()
        receipts.due()
    assert receipts.unsure == 100
    receipts.resume(session_present=True)
    assert all(receipts.seen(message(mid, mid, again=True)) for mid in range(1, 101))
    receipts.due()
    receipts.answered()
    assert receipts.unsure == 100  # some may be still to come again
    receipts.take(message(101, 101))
    receipts.commit()
    assert receipts.due().endswith(PINGREQ)
    receipts.answered()
    assert receipts.unacknowledged() == [receipt(100, 100), receipt(101, 101)]


def test_a_broker_that_never_answers_does_not_cost_ever_more_memory() -> None:
    """The oldest are let go of then; the newest are what it would send again."""
    receipts = Receipts(2)
    receipts.resume(session_present=False)
    for mid in range(1, MOST_UNSURE + 100):
        receipts.take(message(mid, mid))
        receipts.commit()
        receipts.due()
    assert receipts.unsure == MOST_UNSURE
    assert len(receipts.unacknowledged()) == MOST_UNSURE + 2


class Exchange(RuleBasedStateMachine):
    """A broker, a receiver and a line between them that breaks at any moment: every message is taken exactly once.

    The broker has far more on the way than the receiver was told that it would.
    """

    WINDOW: Final = 9
    MEMORY: Final = 2

    def __init__(self) -> None:
        super().__init__()
        self.receipts = Receipts(self.MEMORY)
        self.receipts.resume(session_present=False)
        self.published = 0
        self.inflight: dict[int, tuple[int, str]] = {}
        self.line: list[tuple[str, int]] = []
        self.back: list[tuple[int, int]] = []
        self.taken: list[int] = []
        self.safe = 0
        self.content: dict[int, int] = {}
        self.come: list[Delivery] = []
        self.turn: Iterator[Delivery] = iter(())

    @precondition(lambda self: len(self.inflight) < self.WINDOW)
    @rule(qos=st.integers(1, 2), value=st.integers(0, 1))
    def publish(self, qos: int, value: int) -> None:
        """The broker sends a new message; contents repeat, as those of sensors do."""
        mid = self.published % 60 + 1
        self.published += 1
        self.content[mid] = value
        self.inflight[mid] = (self.published, "rec" if qos == 2 else "ack")
        self.line.append(("new", mid))

    @precondition(lambda self: bool(self.line) and not self.left())
    @rule()
    def arrive(self) -> None:
        """All that is on the line arrives."""
        self.receipts.release(mid for kind, mid in self.line if kind == "rel")
        if ("pong", 0) in self.line:
            self.receipts.answered()
        self.come = [self.delivery(kind, mid) for kind, mid in self.line if kind in {"new", "again"}]
        self.line.clear()

    def left(self) -> int:
        """Return how many messages have come and were not looked at."""
        return length_hint(self.turn) + len(self.come)

    def delivery(self, kind: str, mid: int) -> Delivery:
        _, state = self.inflight[mid]
        return message(mid, self.content[mid], qos=1 if state == "ack" else 2, again=kind == "again")

    @precondition(lambda self: self.left() > 0)
    @rule(closely=st.booleans(), together=st.integers(1, 5))
    def receive(self, *, closely: bool, together: int) -> None:
        """The next message is handed on, by itself or as one of some that are usual."""
        if not length_hint(self.turn):
            usual = [*takewhile(lambda one: one.head == USUAL, self.come[:together])]
            if closely or not usual:
                self.receive_one(self.come.pop(0))
                return
            del self.come[: len(usual)]
            self.turn = self.receipts.follow(run(*usual), 0, usual)
        self.taken.append(self.inflight[next(self.turn).mid][0])

    def receive_one(self, delivery: Delivery) -> None:
        if not self.receipts.seen(delivery):
            self.receipts.take(delivery)
            self.taken.append(self.inflight[delivery.mid][0])

    @rule()
    def commit(self) -> None:
        """All that was taken is on disk."""
        self.receipts.commit()
        self.safe = len(self.taken)

    @rule()
    def send(self) -> None:
        """What is due is sent, and may still be lost on the way."""
        due = self.receipts.due()
        self.back += packets(due)
        if due.endswith(PINGREQ):
            self.back.append((PING, 0))

    @precondition(lambda self: self.back)
    @rule()
    def acknowledge(self) -> None:
        """The broker learns of one acknowledgement; it never comes for what is not safe."""
        kind, mid = self.back.pop(0)
        if kind == PING:
            self.line.append(("pong", 0))
            return
        number, state = self.inflight[mid]
        assert number in self.taken[: self.safe]
        if kind == PUBREC and state == "rec":
            self.inflight[mid] = (number, "comp")
            self.line.append(("rel", mid))
        elif kind != PUBREC:
            del self.inflight[mid]

    @rule()
    def break_the_line(self) -> None:
        """All that is on the way is lost; the broker sends again what it has no answer for."""
        self.receipts.resume(session_present=True)
        self.turn = iter(())
        self.come.clear()
        self.back.clear()
        self.line = [("rel" if state == "comp" else "again", mid) for mid, (_, state) in self.inflight.items()]

    @invariant()
    def nothing_twice_and_nothing_lost(self) -> None:
        """What was taken is a beginning of what was published, in order, without a repeat or a gap."""
        assert self.taken == list(range(1, len(self.taken) + 1))


TestExchange = Exchange.TestCase
