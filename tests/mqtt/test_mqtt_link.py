"""The link reads through paho's private hook, in few large pieces, and gives paho what is paho's."""

import inspect
import socket
from contextlib import closing
from pathlib import Path

import pytest
from paho.mqtt.client import Client as PahoClient
from tests.support.brokers import Mosquitto, needs_mosquitto, publish
from tests.support.packets import CONNACK_5, ScriptedBroker
from tests.support.packets import publish as packet
from tests.support.waiting import until

from gaugeway import DeviceError, PluginError
from gaugeway.mqtt import Broker, Link, Message
from gaugeway.mqtt.client import Client
from gaugeway.mqtt.delivery import one_by_one
from gaugeway.mqtt.packets import Cutter
from gaugeway.mqtt.wire import Wire


def test_paho_still_has_the_hook() -> None:
    """`_create_socket` makes the socket that everything is read from. Should this fail, `gaugeway.mqtt` is affected."""
    assert inspect.signature(vars(PahoClient)["_create_socket"]).parameters.keys() == {"self"}
    assert "self._sock = self._create_socket()" in inspect.getsource(PahoClient.reconnect)
    assert inspect.signature(vars(PahoClient)["_sock_recv"]).parameters.keys() == {"self", "bufsize"}


def test_paho_reads_from_the_wire() -> None:
    """What paho takes for its socket is ours, and it gets from it what is no message."""
    cutter = Cutter(properties=True, max_payload=1000)
    with ScriptedBroker() as broker:
        client = Client(Broker.at(broker.address, client_id="gw"), cutter=cutter)
        client.log_in()
        with closing(client.wire) as wire:
            assert client.socket() is wire
            assert isinstance(wire, Wire)
            broker.accept()
            assert broker.heard.startswith(b"\x10")
            broker.say(packet(b"t", b"1"), CONNACK_5, packet(b"t", b"2", mid=2))
            while len(one_by_one(cutter.deliveries)) < 2:
                wire.fill()
            client.loop_read()
            assert client.is_connected()


def test_a_paho_without_the_hook_is_told() -> None:
    """In words, and not as an attribute that is missing somewhere."""
    client = Client(Broker.at("mqtt://h", client_id="gw"), cutter=Cutter(properties=True, max_payload=1000))
    with pytest.raises(PluginError, match="paho-mqtt"):
        _ = client.wire


def test_messages_in_one_piece_with_the_answer_are_not_lost() -> None:
    """A resumed session sends at once: what stands behind CONNACK in the same read is a message all the same."""
    with ScriptedBroker() as broker, closing(Link(Broker.at(broker.address, client_id="gw"))) as link:
        opening = link.open()
        next(opening)
        broker.accept().say(CONNACK_5 + packet(b"t", b"1") + packet(b"t", b"2", mid=2))
        list(opening)
        assert [delivery.payload for delivery in link.read()] == [b"1", b"2"]


def test_the_last_messages_before_the_end_are_read() -> None:
    """The broker says goodbye in the same piece: first what it sent, then the fault."""
    with ScriptedBroker() as broker, closing(Link(Broker.at(broker.address, client_id="gw"))) as link:
        opening = link.open()
        next(opening)
        broker.accept().say(CONNACK_5)
        list(opening)
        broker.say(packet(b"t", b"1"), bytes.fromhex("e0 02 8b 00")).hang_up()
        link.wait(1)
        assert [delivery.payload for delivery in link.read()] == [b"1"]
        link.wait(1)
        with pytest.raises(Exception, match="server shutting down"):
            link.read()


@pytest.mark.parametrize("to_the_end", [True, False])
def test_a_read_that_leaves_something_says_so(*, to_the_end: bool) -> None:
    """Who would let messages gather before the next read need not, when many have."""
    messages = [packet(b"t", b"x" * 1000, mid=mid) for mid in range(1, 21)]
    cutter = Cutter(properties=True, max_payload=2000)
    with ScriptedBroker() as broker, closing(socket.create_connection(("127.0.0.1", broker.port))) as raw:
        raw.sendall(b"hello")
        broker.accept().say(*messages)
        until(lambda: len(raw.recv(65536, socket.MSG_PEEK)) == sum(map(len, messages)))
        raw.setblocking(False)
        wire = Wire(raw, cutter)
        wire.fill(to_the_end=to_the_end)
        assert wire.more is not to_the_end
        wire.fill()
        assert not wire.more
    assert [delivery.mid for delivery in one_by_one(cutter.deliveries)] == list(range(1, 21))


def test_who_gives_no_answer_has_not_hung_up() -> None:
    """Also where a short keepalive is over before the patience with a new connection is."""
    with ScriptedBroker() as script:
        broker = Broker.at(script.address, client_id="gw", keepalive=1)
        with closing(Link(broker)) as link, pytest.raises(DeviceError, match="does not answer: is it an MQTT broker"):
            list(link.open())


@pytest.mark.parametrize(
    "endless",
    [
        packet(b"t", b"x" * 10_000, qos=0),
        packet(b"", b"", qos=0) * 1000,
        packet(b"t", b"1", mid=7) * 1000,
        bytes.fromhex("62 02 00 07") * 1000,
    ],
    ids=["large", "small", "usual", "releases"],
)
def test_messages_without_end_before_the_answer_fill_no_memory(endless: bytes) -> None:
    """There is an end to what is kept for who has not answered yet, and it comes before that of the patience."""
    with ScriptedBroker() as broker, closing(Link(Broker.at(broker.address, client_id="gw"))) as link:
        opening = link.open()
        next(opening)
        broker.accept().say(CONNACK_5)
        list(opening)
        flood = (broker.say(endless) for _ in link.subscribe(["t"], 1))
        with pytest.raises(DeviceError, match="sends messages without end and does not answer"):
            list(flood)


@pytest.mark.broker
@needs_mosquitto
def test_the_session_is_found_again(tmp_path: Path) -> None:
    """Persistent: present the second time. Otherwise: never."""
    with Mosquitto(tmp_path) as running:
        for persistent, expected in ((True, [False, True]), (False, [False, False])):
            broker = Broker.at(running.address, client_id=f"gw{persistent}")
            found: list[bool] = []
            for _ in range(2):
                with closing(Link(broker, persistent=persistent, session_expiry=60)) as link:
                    list(link.open())
                    found.append(link.session_present)
            assert found == expected


@pytest.mark.broker
@needs_mosquitto
def test_the_keepalive_is_sent_while_messages_flow(tmp_path: Path) -> None:
    """Paho never sees a message, and yet does not take the line for dead: it asks, and gets its answer."""
    with Mosquitto(tmp_path) as running:
        broker = Broker.at(running.address, client_id="gw", keepalive=1)
        with closing(Link(broker)) as link:
            list(link.open())
            list(link.subscribe(["t/#"], 0))
            heard = 0
            while heard < 12:
                publish(running.port, Message("t/s", b"1", 0))
                while not (found := link.read()):
                    link.wait(1)
                heard += len(found)
                link.wait(0.25)
