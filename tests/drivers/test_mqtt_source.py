"""The MQTT source against a real broker: what is published arrives, once, and is acknowledged when it is safe."""

import gc
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import pytest
from tests.support.brokers import MOSQUITTO, Iotcore, Mosquitto, Peer, needs_mosquitto, publish, some_broker
from tests.support.reader import ANY, Reader, source

from gaugeway import ConfigError, DeviceError, Site
from gaugeway.mqtt import Message
from gaugeway_drivers.decode.payload import JsonPayload, NumberPayload
from gaugeway_drivers.mqtt import Mqtt

pytestmark = pytest.mark.broker

Version = Literal[5, "3.1.1"]
VERSIONS: Final[tuple[Version, ...]] = (5, "3.1.1")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    with Mosquitto(tmp_path_factory.mktemp("mosquitto")) as running:
        yield running


def numbers(first: int, last: int, topic: str = "t/s", qos: Literal[0, 1, 2] = 1) -> list[Message]:
    return [Message(topic, b"%d" % number, qos) for number in range(first, last)]


def test_readings_arrive(tmp_path: Path) -> None:
    """From whichever broker there is: the sensor of the topic, the value of the payload, in order."""
    with some_broker(tmp_path) as running, Reader(source(running.address, version=running.version)) as reader:
        reader.subscribed()
        publish(running.port, Message("t/a", b"21.5"), Message("t/b", b"3"))
        reader.count(2)
        assert [(reading.sensor, reading.value) for reading in reader.readings] == [("a", 21.5), ("b", 3.0)]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_every_message_is_yielded_once(broker: Mosquitto, qos: Literal[0, 1, 2], version: Version) -> None:
    """At each quality of service and in both versions, with more messages than may be on the way at once."""
    mqtt = source(broker.address, f"q{qos}/#", qos=qos, version=version, client_id=f"once{qos}{version}")
    with Reader(mqtt) as reader, Peer(broker.port) as peer:
        reader.subscribed()
        peer.publish(*numbers(0, 500, f"q{qos}/s", qos))
        reader.count(500).drained(broker.port, f"q{qos}/s", qos)
        assert reader.values == list(range(500))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_window_of_20_makes_progress(broker: Mosquitto, version: Version) -> None:
    """Mosquitto sends 20 messages and waits: the source says that it does, and goes on when they are acknowledged."""
    mqtt = source(broker.address, "w/#", version=version, client_id=f"window{version}", receive_maximum=20)
    with Reader(mqtt) as reader:
        reader.subscribed()
        publish(broker.port, *numbers(0, 300, "w/s"))
        reader.count(300)
        assert reader.values == list(range(300))
        assert reader.full > 0


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_acknowledged_before_commit(broker: Mosquitto, version: Version) -> None:
    """The broker goes on holding what was yielded, so the next process with this client id gets it again."""
    topic, name = f"keep{version}/s", f"keep{version}"
    with Reader(source(broker.address, topic, version=version, client_id=name), commits=False) as reader:
        reader.subscribed()
        publish(broker.port, *numbers(0, 3, topic))
        reader.count(3)
    with Reader(source(broker.address, topic, version=version, client_id=name), commits=False) as reader:
        reader.count(3)
        assert reader.values == [0, 1, 2]
        reader.source.commit()
    with Reader(source(broker.address, topic, version=version, client_id=name)) as reader:
        assert reader.subscribed().drained(broker.port, topic).values == []


@pytest.mark.parametrize("qos", [1, 2])
def test_commit_covers_what_was_yielded_and_no_more(broker: Mosquitto, qos: Literal[1, 2]) -> None:
    """Of ten messages that came in one piece, the four that were yielded are acknowledged; six come again."""
    topic, name = f"part{qos}/s", f"part{qos}"
    with Reader(source(broker.address, topic, qos=qos, client_id=name)) as reader:
        reader.subscribed()
        publish(broker.port, *numbers(0, 10, topic, qos))
        reader.count(4)
        reader.source.commit()
    with Reader(source(broker.address, topic, qos=qos, client_id=name)) as reader:
        reader.count(6).drained(broker.port, topic, qos)
        assert reader.values == [4, 5, 6, 7, 8, 9]


def test_a_message_of_several_readings_is_acknowledged_after_the_last(broker: Mosquitto) -> None:
    """A commit between two readings of one message leaves the message with the broker."""
    format = JsonPayload(fields={"a": "x", "b": "y"})
    with Reader(source(broker.address, "several", format, client_id="several")) as reader:
        reader.subscribed()
        publish(broker.port, Message("several", b'{"x":1,"y":2}'))
        reader.count(1)
        assert [receipt[1] for receipt in reader.source.news() if isinstance(receipt, tuple)] == [1]
        reader.source.commit()
    with Reader(source(broker.address, "several", format, client_id="several")) as reader:
        reader.count(2)
        assert [reading.sensor for reading in reader.readings] == ["a", "b"]


def test_of_a_message_that_was_yielded_in_part_only_the_rest_is_yielded_when_it_comes_again(broker: Mosquitto) -> None:
    """A crash between two readings of one message neither loses nor doubles any; the receipts say where it was."""
    format = JsonPayload(fields={name: name for name in "abcd"})

    def opened() -> Mqtt:
        return source(broker.address, "parted", format, client_id="parted")

    with Reader(opened()) as reader:
        reader.subscribed()
        publish(broker.port, *[Message("parted", b'{"a":1,"b":2,"c":3,"d":4}')] * 2)
        reader.count(6)
        kept = reader.source.news()
    for already in (2, 3):
        mqtt = opened()
        mqtt.recognise(kept)
        with Reader(mqtt) as reader:
            reader.count(1)
            assert [reading.sensor for reading in reader.readings] == ["abcd"[already]]
            kept += mqtt.news()
    mqtt = opened()
    mqtt.recognise(kept)
    publish(broker.port, Message("parted", b'{"a":5}'))
    with Reader(mqtt) as reader:
        assert reader.count(1).values == [5]


def test_what_is_published_while_nobody_listens_is_kept(broker: Mosquitto) -> None:
    """The session lasts: at QoS 1 and 2 the broker stores what comes in between."""
    for qos in (1, 2):
        mqtt = source(broker.address, f"away{qos}/#", qos=qos, client_id=f"away{qos}")
        with Reader(mqtt) as reader:
            reader.subscribed()
        publish(broker.port, *numbers(0, 30, f"away{qos}/s", qos))
        with Reader(mqtt) as reader:
            assert reader.count(30).values == list(range(30))


def test_at_qos_0_no_session_is_left_behind(broker: Mosquitto) -> None:
    """What is published meanwhile is lost, as QoS 0 says; the broker stores nothing for nobody."""
    mqtt = source(broker.address, "gone/#", qos=0, client_id="gone")
    with Reader(mqtt) as reader:
        reader.subscribed()
    publish(broker.port, *numbers(0, 3, "gone/s"))
    with Reader(mqtt) as reader:
        assert reader.subscribed().drained(broker.port, "gone/s").values == []


def test_bad_messages_are_told_acknowledged_and_do_not_stop_the_good(broker: Mosquitto) -> None:
    """More rubbish than the window holds, and no commit: the source lets go of it by itself."""
    mqtt = source(broker.address, "bad/#", client_id="bad", receive_maximum=10)
    with Reader(mqtt, commits=False) as reader:
        reader.subscribed()
        rubbish = [b"", b"ERR", b"21.", b"\xff", b"nan", b"{}", b"x" * 70_000]
        publish(broker.port, *(Message("bad/s", rubbish[at % 7]) for at in range(70)), Message("bad/s", b"21.5"))
        reader.count(1, 70)
        assert reader.values == [21.5]
    assert Counter(reject.reason for reject in reader.rejects) == {
        "empty": 10,
        "unavailable": 10,
        "cut short": 10,
        "not a number": 20,
        "not finite": 10,
        "too big": 10,
    }
    assert {reject.sensor for reject in reader.rejects} == {"s"}


def test_a_huge_message_does_not_grow_the_memory(broker: Mosquitto) -> None:
    """64 MB pass by in pieces; the reading behind them arrives."""
    with Reader(source(broker.address, "huge/#", client_id="huge")) as reader:
        reader.subscribed()
        publish(broker.port, Message("huge/s", bytes(64_000_000)), Message("huge/s", b"1"))
        gc.collect()
        tracemalloc.start()
        try:
            reader.count(1, 1)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert reader.rejects[0].reason == "too big"
    assert peak < 1_000_000


def test_a_topic_that_names_no_sensor_is_told(broker: Mosquitto) -> None:
    """Its level is missing."""
    with Reader(source(broker.address, "short/#", NumberPayload(sensor="topic[2]"), client_id="short")) as reader:
        reader.subscribed()
        publish(broker.port, Message("short/a", b"1"), Message("short/a/b", b"2"))
        reader.count(1, 1)
        assert reader.rejects[0].reason == "topic does not fit"
        assert reader.rejects[0].raw == b"short/a"


def test_a_topic_that_was_wanted_once_is_told_and_let_go(broker: Mosquitto) -> None:
    """A session with a fixed client id keeps the subscriptions of an earlier configuration."""
    with Reader(source(broker.address, "before/#", client_id="changed")) as reader:
        reader.subscribed()
    with Reader(source(broker.address, "after/#", client_id="changed")) as reader:
        reader.subscribed()
        publish(broker.port, Message("before/s", b"1"), Message("after/s", b"2"))
        reader.count(1, 1)
        assert (reader.values, reader.rejects[0].reason) == ([2.0], "topic does not fit")


def test_what_is_not_sure_is_remembered_besides_the_rest() -> None:
    """However much it is, some of what is sure is remembered too, for a broker that crashes and forgets."""
    mqtt = source("mqtt://h")
    next(mqtt.stream())
    sure = mqtt.memory
    mqtt.recognise(mid << 32 for mid in range(1, 101))
    assert mqtt.memory == sure + 100


@pytest.mark.parametrize("allowed", [1000, 4000, 10_000, 65_535])
def test_a_new_process_forgets_nothing_of_what_the_broker_may_send_again(allowed: int) -> None:
    """As much as the broker was allowed to send may come again, whatever an earlier process made known."""
    mqtt = source("mqtt://h", receive_maximum=allowed)
    assert mqtt.memory > allowed
    mqtt.recognise(mid << 32 for mid in range(1, allowed + 1))
    next(mqtt.stream())
    mqtt.commit()
    assert mqtt.memory > allowed


def test_other_topics_are_another_session_by_default() -> None:
    """The client id is made of the node and the topics: stable, and different for other topics and other nodes."""

    def client_id(node: str, topic: str | list[str]) -> str:
        mqtt = Mqtt(
            broker="mqtt://h",
            topic=topic,
            format=NumberPayload(),
            sensors=ANY,
            site=Site(node=node),
        )
        return mqtt.broker.client_id

    assert client_id("n1", ["a", "b"]) == client_id("n1", ["b", "a"])
    assert len({client_id("n1", "a"), client_id("n1", "b"), client_id("n2", "a")}) == 3
    assert client_id("n1", "a").startswith("gaugeway-n1-")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_retained_message_is_ignored_by_default(broker: Mosquitto, version: Version) -> None:
    """It is of unknown age and would look fresh. What is published from now on is taken, retained or not."""
    topic = f"stored{version}/s"
    publish(broker.port, Message(topic, b"1", retain=True))
    with Reader(source(broker.address, topic, version=version, client_id=f"stored{version}")) as reader:
        reader.subscribed()
        publish(broker.port, Message(topic, b"2", retain=True))
        reader.count(1).drained(broker.port, topic)
        assert reader.values == [2.0]
        assert {reject.reason for reject in reader.rejects} <= {"retained"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_retained_message_that_is_accepted_is_marked(broker: Mosquitto, version: Version) -> None:
    """Uncertain, unless it brings the time at which it was measured."""
    base = f"asked{version}"
    publish(broker.port, Message(f"{base}/a", b'{"v":1}', retain=True))
    publish(broker.port, Message(f"{base}/b", b'{"v":2,"ts":1700000000}', retain=True))
    format = JsonPayload(sensor="topic[1]", value="v", time="ts")
    mqtt = source(broker.address, f"{base}/+", format, version=version, client_id=base, retained="accept")
    with Reader(mqtt) as reader:
        reader.count(2)
        assert {reading.sensor: reading.quality for reading in reader.readings} == {"a": "uncertain", "b": "good"}
        publish(broker.port, Message(f"{base}/a", b'{"v":3}', retain=True))
        assert reader.count(3).readings[2].quality == "good"


def test_ticks_come_before_every_wait(broker: Mosquitto) -> None:
    """Also while nothing arrives at all: one a second."""
    with Reader(source(broker.address, "silence/#", client_id="silence")) as reader:
        reader.until(lambda me: me.ticks >= 4)
        assert reader.readings == []


def test_many_topics_do_not_grow_the_memory(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of known topics is bounded, and readings go on beyond it."""
    monkeypatch.setattr("gaugeway_drivers.decode.topics.MOST_TOPICS", 50)
    with Reader(source(broker.address, "many/#", client_id="many")) as reader:
        reader.subscribed()
        publish(broker.port, *(Message(f"many/s{number}", b"1") for number in range(500)))
        reader.count(500)
        assert len({reading.sensor for reading in reader.readings}) == 500
        assert len(reader.source.topics.known) <= 50


@needs_mosquitto
def test_a_broker_that_restarts_costs_nothing(tmp_path: Path) -> None:
    """It dies in the middle: DeviceError; the next opening goes on, and every message is yielded exactly once."""
    with Mosquitto(tmp_path, "persistence true", "persistence_location {folder}/") as running:
        mqtt = source(running.address, "t/#")
        with Reader(mqtt, commits=False) as reader:
            reader.subscribed()
            publish(running.port, *numbers(0, 20))
            reader.count(12)
            running.stop()
            with pytest.raises(DeviceError, match=f"127.0.0.1:{running.port}"):
                reader.until(lambda _: False)
        running.start()
        with Reader(mqtt) as again:
            publish(running.port, *numbers(20, 30))
            again.count(30 - len(reader.readings)).drained(running.port, "t/s")
        assert [*reader.values, *again.values] == list(range(30))


@needs_mosquitto
@pytest.mark.parametrize("qos", [1, 2])
def test_a_line_that_breaks_again_and_again_costs_nothing(tmp_path: Path, qos: Literal[1, 2]) -> None:
    """Whether what was yielded was committed before or after the break, nothing is lost and nothing is doubled."""
    values: list[float] = []
    with Mosquitto(tmp_path) as running:
        mqtt = source(running.address, "t/#", qos=qos)
        with Reader(mqtt, commits=False) as reader:
            reader.subscribed()
        publish(running.port, *numbers(0, 100, qos=qos))
        for opening in range(10):
            with Reader(mqtt, commits=False) as reader:
                reader.count(10)
                values += reader.values
                if opening % 3 == 0:
                    mqtt.commit()
            if opening % 3 == 1:
                mqtt.commit()
        with Reader(mqtt) as reader:
            values += reader.drained(running.port, "t/s", qos).values
    assert values == list(range(100))


@needs_mosquitto
def test_a_broker_that_forgot_the_session_begins_anew(tmp_path: Path) -> None:
    """Killed without persistence: what it had is gone, and what looks like an old message is a new one."""
    with Mosquitto(tmp_path) as running:
        mqtt = source(running.address, "t/#")
        with Reader(mqtt, commits=False) as reader:
            reader.subscribed()
            publish(running.port, *numbers(0, 3))
            reader.count(3)
            running.kill()
            with pytest.raises(DeviceError):
                reader.until(lambda _: False)
        running.start()
        with Reader(mqtt) as reader:
            reader.subscribed()
            publish(running.port, *numbers(0, 3))
            assert reader.count(3).values == [0, 1, 2]


def test_the_embedded_broker_serves_as_well(tmp_path: Path) -> None:
    """The broker of the demo, at QoS 1, with a session that outlasts the connection."""
    with Iotcore() as running:
        mqtt = source(running.address, version="3.1.1")
        with Reader(mqtt) as reader:
            reader.subscribed()
            publish(running.port, *numbers(0, 50))
            reader.count(50)
            mqtt.commit()
        with Reader(mqtt) as reader:
            reader.subscribed()
            publish(running.port, *numbers(50, 60))
            assert reader.count(10).values == list(range(50, 60))


@pytest.mark.parametrize("topic", ["", "a/#/b", [], ["a", "b+"]])
def test_a_topic_that_cannot_be_is_refused(topic: str | list[str]) -> None:
    """When the source is made."""
    with pytest.raises(ConfigError):
        source("mqtt://h", topic)
