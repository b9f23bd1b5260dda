"""A packet says what its message says, and a message is on its way until the broker's last word about it."""

from collections.abc import Iterable
from typing import Final, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from gaugeway.mqtt import Delivery, Message
from gaugeway.mqtt.delivery import one_by_one
from gaugeway.mqtt.outgoing import NUMBERS, Outgoing
from gaugeway.mqtt.packets import PUBACK, PUBCOMP, PUBREC, Cutter

FIRST: Final = NUMBERS[0]
NOT_ALLOWED: Final = 0x87


def drawn() -> st.SearchStrategy[Message]:
    quality: st.SearchStrategy[Literal[0, 1, 2]] = st.sampled_from([0, 1, 2])
    return st.builds(Message, st.just("gw/é"), st.binary(max_size=300), quality, st.booleans())


def read_back(packets: bytes, *, newest: bool = True) -> list[Delivery]:
    """Return what a peer makes of these packets, which are nothing but messages."""
    cutter = Cutter(properties=newest, max_payload=2**28)
    cutter.feed(packets)
    assert not cutter.rest
    return one_by_one(cutter.deliveries)


def sent(*messages: Message) -> Outgoing:
    outgoing = Outgoing(properties=True)
    outgoing.packets(messages)
    return outgoing


def at(*qualities_of_service: Literal[0, 1, 2]) -> list[Message]:
    return [Message(f"t/{number}", b"1", qos) for number, qos in enumerate(qualities_of_service)]


def codes(outgoing: Outgoing) -> list[tuple[str, int]]:
    return [(message.topic, code) for message, code in outgoing.outcomes()]


@given(st.lists(drawn()), st.booleans())
def test_a_packet_says_what_its_message_says(messages: list[Message], newest: bool) -> None:
    """In both versions, retained or not, several in one piece."""
    found = read_back(Outgoing(properties=newest).packets(messages), newest=newest)
    assert [
        Message(each.topic.decode(), each.payload, message.qos, each.retained)
        for each, message in zip(found, messages, strict=True)
    ] == messages
    assert [each.qos for each in found] == [message.qos for message in messages]
    assert not any(each.again for each in found)


@pytest.mark.parametrize("size", [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_a_packet_of_any_length_is_whole(size: int) -> None:
    """Also where its length takes another byte."""
    for payload in (b"x" * size, b"x" * max(0, size - len(b"\0\1t\0\0\0"))):
        assert [each.payload for each in read_back(sent_bytes(Message("t", payload)))] == [payload]


def sent_bytes(*messages: Message) -> bytes:
    return Outgoing(properties=True).packets(messages)


def test_what_is_larger_than_the_broker_allows_is_not_sent() -> None:
    """It would end the connection, again and again; so it is refused here, and what is behind it is sent."""
    outgoing = Outgoing(properties=True)
    outgoing.largest = len(sent_bytes(Message("t", b"fits")))
    for fits in at(0, 1, 2):
        too_large = structs.replace(fits, payload=b"far too large")
        assert [each.payload for each in read_back(outgoing.packets([too_large, fits]))] == [fits.payload]
    assert codes(outgoing) == [("t/0", 0x95), ("t/1", 0x95), ("t/2", 0x95)]
    assert len(outgoing) == 2


def test_numbers_are_their_own_and_come_round() -> None:
    """None is one that paho uses, which counts from 1 on; at QoS 0 there is none."""
    outgoing = Outgoing(properties=True)
    found = read_back(b"".join(outgoing.packets(at(1, 0, 2)) for _ in range(len(NUMBERS))))
    numbers = [each.mid for each in found]
    assert numbers[:6] == [FIRST, 0, FIRST + 1, FIRST + 2, 0, FIRST + 3]
    assert set(numbers) == {0, *NUMBERS}
    assert min(NUMBERS) > 1000
    assert max(NUMBERS) == 65535


def test_the_first_answer_at_qos_1_is_the_last_word() -> None:
    """The second time it means nothing; nor does one for what was never sent."""
    outgoing = sent(*at(1, 1))
    assert outgoing.take([(PUBACK, FIRST + 1, 0), (PUBACK, FIRST + 1, NOT_ALLOWED), (PUBACK, 1, 0)]) == b""
    assert (codes(outgoing), codes(outgoing), len(outgoing)) == ([("t/1", 0)], [], 1)


def test_the_second_answer_at_qos_2_is_the_last_word() -> None:
    """Between the two the broker is told that it may let go of the message, as often as it asks."""
    outgoing = sent(*at(2))
    for _ in range(2):
        assert outgoing.take([(PUBREC, FIRST, 0)]) == bytes.fromhex("62 02 80 00")
        assert (codes(outgoing), len(outgoing)) == ([], 1)
    assert outgoing.take([(PUBCOMP, FIRST, 0)]) == b""
    assert (codes(outgoing), len(outgoing)) == ([("t/0", 0)], 0)


def test_a_refusal_is_the_last_word_at_once() -> None:
    """Also at QoS 2: nothing more is said about that message."""
    outgoing = sent(*at(1, 2))
    assert outgoing.take([(PUBACK, FIRST, NOT_ALLOWED), (PUBREC, FIRST + 1, NOT_ALLOWED)]) == b""
    assert (codes(outgoing), len(outgoing)) == ([("t/0", NOT_ALLOWED), ("t/1", NOT_ALLOWED)], 0)


def test_that_nobody_listens_is_no_refusal() -> None:
    """Brokers of version 5 tell so."""
    outgoing = sent(*at(2))
    assert outgoing.take([(PUBREC, FIRST, 0x10)]) != b""


@given(st.lists(st.tuples(st.sampled_from([PUBACK, PUBREC, PUBCOMP]), st.sampled_from(NUMBERS), st.integers(0, 255))))
def test_a_broker_that_answers_what_it_was_not_sent_fills_no_memory(answers: Iterable[tuple[int, int, int]]) -> None:
    """Whoever only reads never looks for outcomes."""
    outgoing = Outgoing(properties=True)
    assert outgoing.take(list(answers)) == b""
    assert (outgoing.outcomes(), len(outgoing)) == ([], 0)
