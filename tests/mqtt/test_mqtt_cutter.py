"""The cutter finds every packet, wherever the stream of bytes is cut, and keeps no more of one than it may."""

import tracemalloc
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.packets import length, publish

from gaugeway.mqtt.delivery import Delivery, Run, one_by_one
from gaugeway.mqtt.packets import PUBACK, PUBCOMP, PUBREC, SHAPES, Answer, Cutter, NotMqtt

LIMIT: Final = 1000
PINGRESP: Final = b"\xd0\x00"
PUBREL: Final = b"\x62\x02\x12\x34"
SUBACK: Final = b"\x90\x04\x00\x01\x00\x01"
DISCONNECT: Final = b"\xe0\x02\x8e\x00"

flag_pairs = st.tuples(st.booleans(), st.booleans())
topics = st.binary(max_size=200)
payloads = st.binary(max_size=300)


def answer(kind: int, code: int | None = None, reason: bytes | None = None) -> bytes:
    """Return what a broker says of message 0x8012, with a reason code and a text, or without."""
    body = b"\x80\x12"
    if code is not None:
        body += bytes([code])
    if reason is not None:
        text = b"\x1f" + len(reason).to_bytes(2) + reason
        body += length(len(text)) + text
    return bytes([kind]) + length(len(body)) + body


@st.composite
def packets(draw: st.DrawFn, *, newest: bool) -> bytes:
    """Draw one packet of a broker: a message, or something else."""
    others = [PINGRESP, PUBREL, SUBACK, DISCONNECT, answer(PUBACK), answer(PUBREC, 0x10), answer(PUBCOMP, 0, b"why")]
    other = draw(st.sampled_from([b"", b"", b"", b"", *others]))
    return other or publish(
        draw(topics),
        draw(payloads),
        qos=draw(st.integers(0, 2)),
        mid=draw(st.integers(1, 65535)),
        dup=draw(st.booleans()),
        retain=draw(st.booleans()),
        properties=draw(st.binary(max_size=200)) if newest else None,
    )


def cut(*pieces: bytes, newest: bool = True, limit: int = LIMIT) -> Cutter:
    cutter = Cutter(properties=newest, max_payload=limit)
    for piece in pieces:
        cutter.feed(piece)
    return cutter


def deliveries(cutter: Cutter) -> list[Delivery]:
    return one_by_one(cutter.deliveries)


def outcome(cutter: Cutter) -> tuple[list[Delivery], bytes, list[int], list[Answer]]:
    return deliveries(cutter), bytes(cutter.rest), cutter.released, cutter.answers


@given(st.data(), st.booleans())
def test_where_the_stream_is_cut_makes_no_difference(data: st.DataObject, newest: bool) -> None:
    """Fed whole, byte by byte or in pieces, a stream gives the same deliveries and leaves the same to paho."""
    stream = b"".join(data.draw(st.lists(packets(newest=newest), max_size=6)))
    whole = outcome(cut(stream, newest=newest))
    assert outcome(cut(*(stream[at : at + 1] for at in range(len(stream))), newest=newest)) == whole
    for place in range(len(stream)):
        assert outcome(cut(stream[:place], stream[place:], newest=newest)) == whole


@given(
    topic=topics,
    payload=payloads,
    qos=st.integers(0, 2),
    mid=st.integers(1, 65535),
    flags=st.tuples(st.booleans(), st.booleans()),
)
@pytest.mark.parametrize("newest", [True, False])
def test_a_message_has_all_that_its_packet_says(
    *, topic: bytes, payload: bytes, qos: int, mid: int, flags: tuple[bool, bool], newest: bool
) -> None:
    """Topic, payload, number and flags are those that were sent, whatever properties stand between."""
    properties = b"\x26\x00\x01a\x00\x01b" * 40 if newest else None
    dup, retain = flags
    packet = publish(topic, payload, qos=qos, mid=mid, dup=dup, retain=retain, properties=properties)
    (found,) = deliveries(cut(packet, newest=newest))
    assert (found.topic, found.payload, found.qos, found.mid) == (topic, payload, qos, mid if qos else 0)
    assert (found.again, found.retained, found.whole) == (dup, retain, True)


@given(st.data(), st.booleans())
def test_what_is_known_of_messages_before_changes_nothing(data: st.DataObject, newest: bool) -> None:
    """A message is cut the same behind many of its shape and as the first of all."""
    properties = st.sampled_from([b"", b"", b"\x02\x00\x00\x00\x3c"]) if newest else st.none()
    size = st.sampled_from([0, 1, 20, 90, 130, 17_000])
    messages = [
        publish(b"p/%d" % number * data.draw(st.integers(0, 60)), b"x" * data.draw(size), mid=number, properties=props)
        for number, props in enumerate(data.draw(st.lists(properties, max_size=8)), start=1)
    ]
    assert deliveries(cut(b"".join(messages * 2), newest=newest)) == [
        deliveries(cut(message, newest=newest))[0] for message in messages * 2
    ]


@pytest.mark.parametrize("copied", [0, 1 << 20])
def test_usual_messages_come_in_runs(monkeypatch: pytest.MonkeyPatch, copied: int) -> None:
    """Once their shape is known, and up to the end of what came or, where that is long, up to the last but one."""
    monkeypatch.setattr("gaugeway.mqtt.packets.COPIED", copied)
    messages = [publish(b"t/%d" % (mid % 3), b"21.%d" % (mid % 10), mid=mid) for mid in range(1, 40)]
    cutter = cut(b"".join(messages))
    first, run, *last = cutter.deliveries
    assert isinstance(first, Delivery)
    assert isinstance(run, Run)
    assert [first.mid, *run.mids, *(one.mid for one in one_by_one(last))] == list(range(1, 40))
    assert len(last) == (0 if copied else 1)
    assert deliveries(cutter) == [deliveries(cut(message))[0] for message in messages]


def test_there_is_an_end_to_the_shapes_that_are_known() -> None:
    """A sender with as many different lengths as there can be does not make the table grow."""
    known = cut(*(publish(bytes([65 + mid % 50]) * (mid % 60), b"x" * (mid % 7)) for mid in range(1, 9000)))
    assert len(deliveries(known)) == 8999
    assert len(known.__dict__["_shapes"]) <= SHAPES


def test_there_is_an_end_to_the_topics_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receipts are the same whether a topic is known, was forgotten or is too long to be remembered."""
    monkeypatch.setattr("gaugeway.mqtt.packets.TOPICS", 20)
    messages = [publish(b"t/%d" % (number % 30), b"1", mid=1) for number in range(100)]
    messages += [publish(b"long" * 100 + b"%d" % (number % 3), b"1", mid=1) for number in range(10)]
    known = cut(*messages)
    assert deliveries(known) == [deliveries(cut(message))[0] for message in messages]
    assert len(known.__dict__["_seeds"]) <= 20
    assert max(map(len, known.__dict__["_seeds"])) < 100


def test_the_receipt_stands_for_topic_and_payload() -> None:
    """Equal messages have equal digests in it, whatever their number, flags and properties; others have others."""

    def digest(topic: bytes, payload: bytes, mid: int = 1, *, dup: bool = False, properties: bytes = b"") -> int:
        return deliveries(cut(publish(topic, payload, mid=mid, dup=dup, properties=properties)))[0].receipt & 0xFFFFFFFF

    one = digest(b"a/b", b"21.5")
    assert digest(b"a/b", b"21.5", 9, dup=True, properties=b"\x02\x00\x00\x00\x3c") == one
    assert digest(b"a/b", b"121") != digest(b"a/b", b"202")
    assert len({one, digest(b"a/c", b"21.5"), digest(b"a/b", b"21.6"), digest(b"a", b"/b21.5")}) == 4


def test_packets_that_are_no_messages_are_left_to_paho() -> None:
    """All that are not about messages pass in their order; the numbers of PUBREL are told."""
    cutter = cut(SUBACK + PUBREL + publish(b"t", b"1") + PINGRESP + DISCONNECT)
    assert outcome(cutter)[1:] == (SUBACK + PINGRESP + DISCONNECT, [0x1234], [])
    assert (len(deliveries(cutter)), cutter.pongs) == (1, 1)


@pytest.mark.parametrize("reason", [None, b"", b"no" * 20, b"no" * 200])
@pytest.mark.parametrize("kind", [PUBACK, PUBREC, PUBCOMP])
def test_what_is_said_of_a_published_message_is_told(kind: int, reason: bytes | None) -> None:
    """Its number and the reason code, which is 0 where none is given, however long the broker's own words are."""
    cutter = cut(answer(kind) + answer(kind, 0x87, reason) + PINGRESP)
    assert outcome(cutter)[1:] == (PINGRESP, [], [(kind, 0x8012, 0), (kind, 0x8012, 0x87)])


def test_the_number_of_a_pubrel_is_found_before_many_words() -> None:
    """A reason may be longer than what one byte can tell."""
    assert cut(answer(0x62, 0, b"why" * 100)).released == [0x8012]


@pytest.mark.parametrize("packet", [b"\x40\x00", b"\x40\x01\x80", b"\x62\x01\x12", b"\x50\x01\x12" + PINGRESP])
def test_what_is_said_of_a_message_without_a_number_is_no_mqtt(packet: bytes) -> None:
    """It cannot be about anything."""
    with pytest.raises(NotMqtt):
        cut(packet)


@pytest.mark.parametrize("size", [100, 5000, 100_000])
@pytest.mark.parametrize("topic", [b"t", b"t" * 60000])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_message_over_the_limit_is_told_and_not_kept(size: int, topic: bytes, qos: int) -> None:
    """Its topic and number are there, its payload is not, and what follows it is found."""
    big = publish(topic, b"x" * 70_000, qos=qos, mid=5)
    stream = big + publish(b"next", b"1", mid=6) + PINGRESP
    cutter = cut(*(stream[at : at + size] for at in range(0, len(stream), size)))
    found, after = deliveries(cutter)
    assert (found.topic, found.mid, found.qos, found.whole) == (topic, 5 if qos else 0, qos, False)
    assert found.payload == b""
    assert (after.topic, after.whole, bytes(cutter.rest)) == (b"next", True, PINGRESP)


@pytest.mark.parametrize(("payload", "whole"), [(LIMIT - 1, True), (LIMIT + 1, False)])
def test_the_limit_is_that_of_the_payload(payload: int, whole: bool) -> None:
    """A long topic takes nothing from it."""
    (found,) = deliveries(cut(publish(b"t" * 500, b"x" * payload)))
    assert found.whole is whole


def test_a_hundred_megabytes_do_not_grow_the_memory() -> None:
    """A message of 100 MB passes in pieces, and less than a tenth of a percent of it is held."""
    header = publish(b"t", b"", mid=1)[2:]
    big = b"\x32" + length(len(header) + 100_000_000) + header
    cutter = cut(big, limit=65536)
    piece = bytes(50_000)
    tracemalloc.start()
    try:
        for _ in range(2000):
            cutter.feed(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    cutter.feed(publish(b"next", b"1", mid=2))
    assert [delivery.whole for delivery in deliveries(cutter)] == [False, True]
    assert peak < 100_000


@pytest.mark.parametrize(
    "stream",
    [
        b"\x30\xff\xff\xff\xff\x01",
        b"\x32\x03\x00\x00\x01",
        b"\x32\x06\x00\xff\x00\x01\x00\x00",
        publish(b"t", b"1", mid=0),
        b"\x36" + publish(b"t", b"1", mid=1)[1:],
        b"\x32\x06\x00\x01t\x00\x01\xff",
        b"\x90\xff\xff\xff\x7f",
        b"\x30\x01\x00" + PINGRESP * 3,
    ],
    ids=["length", "no room", "topic", "number", "qos 3", "properties", "giant", "tiny"],
)
def test_what_no_broker_sends_is_refused(stream: bytes) -> None:
    """Lengths that lie, a message without a number, QoS 3: NotMqtt, and nothing is read beyond the packet."""
    with pytest.raises(NotMqtt):
        cut(stream)


@given(st.binary(max_size=400), st.booleans())
def test_noise_is_refused_or_waited_for(noise: bytes, newest: bool) -> None:
    """Whatever comes, either it is refused as no MQTT or it is taken; nothing else is ever raised."""
    try:
        cutter = cut(noise, newest=newest)
    except NotMqtt:
        return
    assert sum(len(delivery.payload) for delivery in deliveries(cutter)) <= len(noise)
