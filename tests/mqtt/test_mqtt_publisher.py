"""What `deliver` returned for is with the broker; what it raised for may not be; nothing is left behind."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from msgspec import structs
from tests.conftest import open_files
from tests.support.brokers import MOSQUITTO, Iotcore, Mosquitto, Peer, answers, free_port, needs_mosquitto, publish
from tests.support.certificates import OPENSSL, Authority
from tests.support.packets import CONNACK_5, ScriptedBroker
from tests.support.waiting import until

from gaugeway import DeviceError
from gaugeway.mqtt import Broker, Delivery, Message, Publisher
from gaugeway.mqtt.job import Bell
from gaugeway.mqtt.link import Link

ONLINE: Final = Message("gw/status", b"online", retain=True)
OFFLINE: Final = Message("gw/status", b"offline", retain=True)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    with Mosquitto(tmp_path_factory.mktemp("mosquitto")) as running:
        yield running


def at(running: "Mosquitto | Iotcore | ScriptedBroker", name: str = "gw") -> Broker:
    return Broker.at(running.address, client_id=name, version="3.1.1" if isinstance(running, Iotcore) else 5)


def numbers(count: int, topic: str = "t/s", qos: int = 1) -> list[Message]:
    return [Message(topic, b"%d" % number, 2 if qos == 2 else 1 if qos else 0) for number in range(count)]


def within(publisher: Publisher, messages: list[Message]) -> Callable[[], str | None]:
    """Deliver in a thread, as the engine does; return what asks for the outcome: None as long as there is none."""
    outcome: list[str] = []

    def run() -> None:
        try:
            publisher.deliver(messages)
            outcome.append("delivered")
        except DeviceError as error:
            outcome.append(str(error))

    threading.Thread(target=run, daemon=True).start()
    return lambda: outcome[0] if outcome else None


@pytest.mark.broker
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_messages_arrive_in_order(broker: Mosquitto, qos: int) -> None:
    """More of them than are on the way at once, over several calls, retained or not."""
    with Peer(broker.port) as peer, closing(Publisher(at(broker, f"order{qos}"))) as publisher:
        peer.listen(f"order{qos}/#", qos=2)
        publisher.deliver(numbers(100, f"order{qos}/a", qos))
        publisher.deliver([])
        publisher.deliver(numbers(3, f"order{qos}/b", qos))
        assert peer.hear(103) == [*numbers(100, f"order{qos}/a", qos), *numbers(3, f"order{qos}/b", qos)]


@pytest.mark.broker
@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("encrypted", [False, True])
def test_more_than_the_line_takes_at_once_arrives(tmp_path: Path, *, encrypted: bool, qos: int) -> None:
    """What does not go out is kept, in order, until it does; encrypted or not."""
    if MOSQUITTO is None or OPENSSL is None:
        pytest.skip("mosquitto and openssl are not both installed")
    authority, plain = Authority(tmp_path), free_port()
    certificate, key = authority.sign("server", "IP:127.0.0.1")
    files = (f"cafile {authority.certificate}", f"certfile {certificate}", f"keyfile {key}")
    lines = (*files, f"listener {plain} 127.0.0.1") if encrypted else (f"listener {plain} 127.0.0.1",)
    sent = [structs.replace(message, payload=message.payload * 250_000) for message in numbers(30, "t/s", qos)]
    with Mosquitto(tmp_path, *lines) as running:
        until(lambda: answers(plain), "the other door is open too")
        address = running.address.replace("mqtt:", "mqtts:") if encrypted else running.address
        settings = Broker.at(address, client_id="gw", ca_file=authority.certificate if encrypted else None)
        with Peer(plain) as peer, closing(Publisher(settings)) as publisher:
            peer.listen("t/#", qos=2)
            publisher.deliver(sent)
            assert peer.hear(30) == sent


def test_the_embedded_broker_serves_as_well() -> None:
    """In version 3.1.1."""
    with Iotcore() as running, Peer(running.port) as peer, closing(Publisher(at(running))) as publisher:
        peer.listen("t/#")
        publisher.deliver(numbers(30))
        assert peer.hear(30) == numbers(30)


def test_nobody_there_is_told_and_found_when_he_comes() -> None:
    """`deliver` raises, in words; the same call succeeds when the broker is there."""
    running = Iotcore()
    with closing(Publisher(at(running))) as publisher:
        with pytest.raises(DeviceError, match=f"nothing listens on 127.0.0.1:{running.port}"):
            publisher.deliver(numbers(1))
        with running:
            publisher.deliver(numbers(1))


def test_a_broker_that_refuses_is_not_stormed() -> None:
    """After an attempt that was asked for, the next comes when its time has come, or when it is asked for again."""
    with ScriptedBroker() as broker, closing(Publisher(at(broker))) as publisher:
        for _ in range(2):
            outcome = within(publisher, [])
            broker.accept().say(bytes.fromhex("20 03 00 89 00"))
            until(outcome, "the refusal is told")
            assert "server busy" in str(outcome())
            assert not broker.is_called(0.3)


def test_what_is_not_acknowledged_is_not_delivered() -> None:
    """The broker takes the message and dies: DeviceError. The next connection gets the whole call again."""
    with ScriptedBroker() as broker, closing(Publisher(at(broker))) as publisher:
        outcome = within(publisher, numbers(2))
        broker.accept().say(CONNACK_5).hear()
        broker.say(bytes.fromhex("40 02 80 00"))
        assert outcome() is None
        broker.hang_up()
        until(outcome, "the loss is told")
        assert f"127.0.0.1:{broker.port} closed the connection" in str(outcome())


def test_a_broker_that_takes_and_never_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not waited for for ever."""
    monkeypatch.setattr("gaugeway.mqtt.publisher.ANSWER_TIMEOUT", 0.2)
    with ScriptedBroker() as broker, closing(Publisher(at(broker))) as publisher:
        outcome = within(publisher, numbers(1))
        broker.accept().say(CONNACK_5)
        until(outcome, "the silence is told")
        assert "does not acknowledge what is published" in str(outcome())


def test_what_a_broker_does_not_read_is_not_sent() -> None:
    """At QoS 0 too: otherwise readings for a broker that hangs would fill the memory, one call after the other."""
    messages = [Message("t/s", bytes(2**20), 0)] * 30
    with ScriptedBroker() as broker, closing(Publisher(at(broker))) as publisher:
        outcome = within(publisher, messages)
        broker.accept().say(CONNACK_5).hear().hang_up()
        until(outcome, "the loss is told")
        assert "the connection" in str(outcome())


def test_no_more_is_on_the_way_than_the_broker_allows() -> None:
    """It says 2: the third message waits for the first answer."""
    with ScriptedBroker() as broker, closing(Publisher(at(broker))) as publisher:
        outcome = within(publisher, numbers(3))
        broker.accept().say(bytes.fromhex("20 06 00 00 03 21 00 02"))
        heard = b""
        while heard.count(b"t/s") < 2:
            heard += broker.hear().heard
        broker.say(bytes.fromhex("40 02 80 00 40 02 80 01"))
        assert broker.hear().heard.count(b"t/s") == 1
        assert heard.count(b"t/s") == 2
        broker.say(bytes.fromhex("40 02 80 02"))
        until(outcome, "all is delivered")
        assert outcome() == "delivered"


def test_a_message_that_is_refused_is_told_with_its_topic() -> None:
    """The access list of the broker is the place to look; the connection goes on."""
    with ScriptedBroker() as broker, closing(Publisher(at(broker))) as publisher:
        outcome = within(publisher, [Message("gw/forbidden", b"1")])
        broker.accept().say(CONNACK_5).hear()
        broker.say(bytes.fromhex("40 03 80 00 87"))
        until(outcome, "the refusal is told")
        assert "does not let a client without a user write 'gw/forbidden' (not authorized)" in str(outcome())
        again = within(publisher, [Message("gw/allowed", b"1")])
        broker.hear().say(bytes.fromhex("40 02 80 01"))
        until(again, "the next message is delivered")
        assert again() == "delivered"


def test_a_message_larger_than_the_broker_allows_is_refused_by_name() -> None:
    """It says 50 bytes: a greeting that is larger does not keep everything else from it."""
    large = Message("gw/birth", bytes(50), retain=True)
    with ScriptedBroker() as broker, closing(Publisher(at(broker), greeting=lambda: [large])) as publisher:
        outcome = within(publisher, [large, Message("gw/event", b"1")])
        heard = broker.accept().say(bytes.fromhex("20 08 00 00 05 27 00 00 00 32")).hear().heard
        assert (b"gw/event" in heard, b"gw/birth" in heard) == (True, False)
        broker.say(b"\x40\x02" + heard[heard.index(b"gw/event") + 8 :][:2])
        until(outcome, "the refusal is told")
        assert "takes no message as large as that on 'gw/birth'" in str(outcome())


@pytest.mark.parametrize("refused", [b"event", b"state"])
def test_what_goes_along_is_not_worth_an_error(refused: bytes) -> None:
    """It goes in the same piece, behind the messages; the answer tells whether the broker has taken it."""
    answers = {b"event": bytes.fromhex("40 02 80 00"), b"state": bytes.fromhex("40 02 80 01")}
    answers[refused] = b"\x40\x03" + answers[refused][2:] + b"\x87"
    found: list[bool | str] = []

    def deliver() -> None:
        try:
            found.append(publisher.deliver([Message("event", b"1")], along=[Message("state", b"1")]))
        except DeviceError as error:
            found.append(str(error))

    with ScriptedBroker() as broker, closing(Publisher(at(broker))) as publisher:
        threading.Thread(target=deliver, daemon=True).start()
        heard = broker.accept().say(CONNACK_5).hear().heard
        assert 0 <= heard.index(b"event") < heard.index(b"state")
        broker.say(*answers.values())
        until(lambda: bool(found), "it is told what became of them")
        assert found == [False] if refused == b"state" else "write 'event'" in str(found)


def test_a_greeting_that_is_refused_does_not_stop_the_rest() -> None:
    """The status may be forbidden; the alarms are not."""
    with ScriptedBroker() as broker, closing(Publisher(at(broker), greeting=lambda: [ONLINE])) as publisher:
        outcome = within(publisher, numbers(1))
        broker.accept().say(CONNACK_5).hear()
        broker.say(bytes.fromhex("40 03 80 00 87")).hear()
        broker.say(bytes.fromhex("40 02 80 01"))
        until(outcome, "the message is delivered")
        assert outcome() == "delivered"


@needs_mosquitto
@pytest.mark.broker
def test_the_greeting_comes_first_on_every_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots before the backlog; and when the broker comes back it is greeted, though nothing is to be delivered."""
    monkeypatch.setattr("gaugeway.mqtt.publisher.RETRY_EVERY", 0.1)
    greeted: list[int] = []

    def greeting() -> list[Message]:
        greeted.append(1)
        return [Message("t/status", b"%d" % len(greeted), retain=True)]

    with Mosquitto(tmp_path) as running, closing(Publisher(at(running), greeting=greeting)) as publisher:
        with Peer(running.port) as peer:
            peer.listen("t/#")
            publisher.deliver([Message("t/event", b"x")])
            assert [message.topic for message in peer.hear(2)] == ["t/status", "t/event"]
        running.stop()
        until(lambda: not publisher.connected, "the loss is noticed")
        running.start()
        with Peer(running.port) as peer:
            peer.listen("t/#")
            assert peer.hear(1)[0].payload == b"2"


@pytest.mark.broker
def test_the_will_is_published_when_the_gateway_dies_and_the_farewell_when_it_stops(broker: Mosquitto) -> None:
    """The same words on death and on a clean stop."""
    with Peer(broker.port) as peer:
        peer.listen("gw/status")
        publisher = Publisher(at(broker, "will"), will=OFFLINE, greeting=lambda: [ONLINE])
        publisher.deliver([])
        publisher.close(farewell=[OFFLINE])
        assert [message.payload for message in peer.hear(2)] == [b"online", b"offline"]
        with closing(Publisher(at(broker, "dies"), will=OFFLINE, greeting=lambda: [ONLINE])) as dying:
            dying.deliver([])
            peer.hear(3)
            with closing(Publisher(at(broker, "dies"))) as successor:
                successor.deliver([])
                assert [message.payload for message in peer.hear(4)][2:] == [b"online", b"offline"]


@pytest.mark.broker
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_commands_are_taken(broker: Mosquitto, qos: int) -> None:
    """Whenever they come; a command that fails in its taker does not end the publisher."""
    inbox: queue.SimpleQueue[Delivery] = queue.SimpleQueue()

    def take(delivery: Delivery) -> None:
        inbox.put(delivery)
        if delivery.payload == b"0":
            raise KeyError(delivery.payload)

    topic = f"commands{qos}/hot/cmd"
    with closing(Publisher(at(broker, f"commands{qos}"), topics=[f"commands{qos}/+/cmd"], take=take)) as publisher:
        publisher.deliver([])
        publish(broker.port, *numbers(60, topic, qos))
        taken = [inbox.get(timeout=20) for _ in range(60)]
        assert [(delivery.topic.decode(), delivery.payload) for delivery in taken] == [
            (topic, b"%d" % number) for number in range(60)
        ]


@pytest.mark.broker
def test_a_call_during_another_waits_its_turn(broker: Mosquitto) -> None:
    """Two threads may deliver; each gets its own outcome."""
    with Peer(broker.port) as peer, closing(Publisher(at(broker, "two"))) as publisher:
        peer.listen("two/#")
        outcomes = [within(publisher, numbers(50, f"two/{name}")) for name in "ab"]
        until(lambda: all(outcome() == "delivered" for outcome in outcomes), "both are delivered")
        assert len(peer.hear(100)) == 100


def test_a_call_during_another_wakes_the_thread_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the answers to the first are waited for, the second costs nothing; it comes to its turn afterwards."""
    rang: list[Bell] = []
    silent: list[bool] = []
    ring, wait = Bell.ring, Link.wait

    def notes_who_rings(bell: Bell) -> None:
        ring(bell)
        rang.append(bell)

    def notes_the_silence(link: Link, seconds: float) -> None:
        if len(rang) > 1:
            silent.append(not rang[-1].wait(0))
        wait(link, seconds)

    monkeypatch.setattr(Bell, "ring", notes_who_rings)
    monkeypatch.setattr(Link, "wait", notes_the_silence)
    with ScriptedBroker() as broker, closing(Publisher(at(broker))) as publisher:
        first = within(publisher, numbers(1, "t/first"))
        broker.accept().say(CONNACK_5).hear()
        second = within(publisher, numbers(1, "t/second"))
        until(lambda: silent[-1:] == [True], "it waits for the broker alone")
        broker.say(bytes.fromhex("40 02 80 00"))
        until(first, "the first is delivered")
        assert b"t/second" in broker.hear().heard
        broker.say(bytes.fromhex("40 02 80 01"))
        until(second, "the second is delivered")
        assert (first(), second()) == ("delivered", "delivered")


def test_a_goodbye_is_only_said_after_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that hangs during the stop, and goes on later, has nothing but the will to tell from: it is to be so."""
    monkeypatch.setattr("gaugeway.mqtt.publisher.GOODBYE_TIMEOUT", 0.1)
    with ScriptedBroker() as broker:
        publisher = Publisher(at(broker), will=OFFLINE)
        outcome = within(publisher, numbers(1))
        assert b"t/s" in broker.accept().say(CONNACK_5).hear().heard
        publisher.close(farewell=[OFFLINE])
        until(outcome, "the waiting call is let go")
        assert broker.hear().heard == b""


def test_close_ends_everything_at_any_moment() -> None:
    """Before the start, while nobody answers, twice; a waiting `deliver` is let go, and a later one refused."""
    Publisher(Broker.at("mqtt://h", client_id="gw")).close()
    with ScriptedBroker() as broker:
        publisher = Publisher(at(broker))
        outcome = within(publisher, numbers(1))
        broker.accept()
        publisher.close()
        until(outcome, "the waiting call is let go")
        assert "closed" in str(outcome())
        publisher.close()
        with pytest.raises(DeviceError, match="closed"):
            publisher.deliver([])


def test_nothing_is_opened_before_the_start() -> None:
    """The constructor only notes what it is told."""
    before = (threading.enumerate(), open_files())
    with ScriptedBroker() as broker:
        called_from_outside = open_files() - before[1]
        publisher = Publisher(at(broker), will=OFFLINE, greeting=lambda: [ONLINE])
        assert not publisher.connected
        assert (threading.enumerate(), open_files() - called_from_outside) == before
        assert not broker.is_called(0)
