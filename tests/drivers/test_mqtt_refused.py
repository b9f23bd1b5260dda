"""Whatever a broker does instead of its work is told in a sentence that names it and says what to do."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Final

import pytest
from tests.support.brokers import free_port
from tests.support.packets import CONNACK_5, CONNACK_311, ScriptedBroker, publish
from tests.support.reader import Reader, source

from gaugeway import DeviceError, Reading, Reject, Tick
from gaugeway_drivers.mqtt import Mqtt

SUBACK_5: Final = bytes.fromhex("90 04 00 01 00 01")
PASSWORD: Final = "s3cr3t"


def fault(mqtt: Mqtt, *acts: Callable[[], object]) -> str:
    """Open the source, let something happen at each tick, and return what it says when it fails."""
    with closing(mqtt.stream()) as stream, pytest.raises(DeviceError) as told:
        play(stream, iter(acts))
    assert PASSWORD not in str(told.value)
    return str(told.value)


def play(stream: Iterator[Reading | Reject | Tick], acts: Iterator[Callable[[], object]]) -> None:
    assert next(stream) == Tick(), "it ticks before it connects"
    for _ in stream:
        next(acts, int)()


def test_nobody_listens() -> None:
    """The port is refused."""
    port = free_port()
    assert fault(source(f"mqtt://me:{PASSWORD}@127.0.0.1:{port}")) == (
        f"nothing listens on 127.0.0.1:{port}: check that the broker runs, and the port"
    )


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b"])
def test_the_host_is_unknown(host: str) -> None:
    """Or its name is no name at all."""
    assert host in fault(source(f"mqtt://{host}"))


def test_a_silent_peer_is_no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection and says nothing; meanwhile the source ticks."""
    monkeypatch.setattr("gaugeway.mqtt.link.ANSWER_TIMEOUT", 0.2)
    with ScriptedBroker() as broker:
        assert "does not answer: is it an MQTT broker?" in fault(source(broker.address), broker.accept)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("20 03 00 86 00", "refuses user 'me': check 'username' and 'password'"),
        ("20 03 00 87 00", "does not let in user 'me'"),
        ("20 03 00 84 00", "does not speak MQTT 5: set 'version' to '3.1.1'"),
        ("20 03 00 85 00", "refuses the client id 'gw'"),
        ("20 03 00 89 00", "refuses the connection: server busy"),
        ("20 02 00 01", "does not speak MQTT 5: set 'version' to '3.1.1'"),
    ],
)
def test_a_refusal_of_version_5_is_told(answer: str, says: str) -> None:
    """Without the password."""
    with ScriptedBroker() as broker:
        address = broker.address.replace("//", f"//me:{PASSWORD}@")
        said = fault(source(address), lambda: broker.accept().say(bytes.fromhex(answer)))
        assert f"127.0.0.1:{broker.port}" in said
        assert says in said


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("20 02 00 01", "or 'version' 5?"),
        ("20 02 00 02", "refuses the client id 'gw'"),
        ("20 02 00 04", "refuses a client without a user"),
        ("20 02 00 05", "does not let in a client without a user"),
    ],
)
def test_a_refusal_of_version_3_1_1_is_told(answer: str, says: str) -> None:
    """It has fewer words for it."""
    with ScriptedBroker() as broker:
        assert says in fault(
            source(broker.address, version="3.1.1"), lambda: broker.accept().say(bytes.fromhex(answer))
        )


def test_a_broker_that_hangs_up_instead_of_answering() -> None:
    """It may want encryption, or another version."""
    with ScriptedBroker() as broker:
        said = fault(source(broker.address), lambda: broker.accept().hang_up())
        assert "closes the connection at once: does it want mqtts://, or 'version' '3.1.1'?" in said


@pytest.mark.parametrize(
    "noise", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00" * 50, b"\xff" * 50, b"\x20\x00", bytes(range(256))]
)
def test_noise_is_told_and_harmless(noise: bytes) -> None:
    """Something that is no broker answers."""
    with ScriptedBroker() as broker:
        assert f"127.0.0.1:{broker.port}" in fault(source(broker.address), lambda: broker.accept().say(noise).hang_up())


@pytest.mark.parametrize(("version", "suback"), [(5, "90 04 00 01 00 87"), ("3.1.1", "90 03 00 01 80")])
def test_a_subscription_that_is_refused_is_told(version: object, suback: str) -> None:
    """The broker lets the client in, and does not let it read: its access list is the place to look."""
    with ScriptedBroker() as broker:
        mqtt = source(broker.address, "secret/#", version=5 if version == 5 else "3.1.1")
        said = fault(
            mqtt,
            lambda: broker.accept().say(CONNACK_5 if version == 5 else CONNACK_311),
            lambda: broker.hear().say(bytes.fromhex(suback)),
        )
        assert "does not let a client without a user read 'secret/#'" in said


def test_being_thrown_off_by_another_client_is_told() -> None:
    """Two gateways with one client id would throw each other off for ever."""
    assert "another client logs in at 127.0.0.1" in after_the_start(bytes.fromhex("e0 02 8e 00"))


def test_a_broker_that_shuts_down_says_so() -> None:
    """In version 5 it can."""
    assert "ended the connection: server shutting down" in after_the_start(bytes.fromhex("e0 02 8b 00"))


def test_a_broker_that_speaks_nonsense_later_is_told() -> None:
    """A packet of a kind that a broker never sends, or a message that contradicts itself."""
    assert "sends what is no MQTT" in after_the_start(b"\x10\x02\x00\x00")
    assert "sends what is no MQTT" in after_the_start(publish(b"t/s", b"1", mid=0))


def test_a_line_that_is_torn_is_told() -> None:
    """What came before is yielded."""
    with ScriptedBroker() as broker, Reader(source(broker.address)) as reader:
        started(broker, reader)
        broker.say(publish(b"t/s", b"21.5"))
        broker.hang_up()
        with pytest.raises(DeviceError, match=f"127.0.0.1:{broker.port} closed the connection"):
            reader.until(lambda _: False)
        assert reader.values == [21.5]


def test_a_broker_that_no_longer_answers_is_told() -> None:
    """The keepalive finds out, although the line looks open."""
    with ScriptedBroker() as broker:
        mqtt = source(broker.address, keepalive=1)
        with Reader(mqtt) as reader:
            started(broker, reader)
            with pytest.raises(DeviceError, match="has not answered for 1 s"):
                reader.until(lambda _: False)


def started(broker: ScriptedBroker, reader: Reader) -> None:
    """Play the broker up to the point where messages flow."""
    reader.until(lambda me: me.ticks == 2)
    broker.accept().say(CONNACK_5)
    reader.until(lambda me: me.ticks == 3)
    broker.hear().say(SUBACK_5)
    reader.subscribed()


def after_the_start(packet: bytes) -> str:
    """Let the broker say something when everything works, and return what the source makes of it."""
    with ScriptedBroker() as broker:
        return fault(
            source(broker.address),
            lambda: broker.accept().say(CONNACK_5),
            lambda: broker.hear().say(SUBACK_5, packet),
        )
