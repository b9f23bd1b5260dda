"""What a person writes about a broker is understood or refused in words, and no password is ever shown."""

from functools import partial
from pathlib import Path

import pytest

from gaugeway import ConfigError
from gaugeway.mqtt import Broker, Message, filter_matches, own_client_id, topic_filter

SECRET = "s3cr3t"


def at(address: str) -> Broker:
    return Broker.at(address, client_id="gw")


@pytest.mark.parametrize(
    ("address", "host", "port", "tls"),
    [
        ("mqtt://localhost", "localhost", 1883, False),
        ("mqtts://broker.example", "broker.example", 8883, True),
        ("mqtt://10.0.0.7:1884/", "10.0.0.7", 1884, False),
        ("mqtts://[::1]:8884", "::1", 8884, True),
        (" MQTT://Broker ", "broker", 1883, False),
    ],
)
def test_an_address_is_read(address: str, host: str, port: int, tls: bool) -> None:
    """The port has a default, and the kind of address says whether the connection is encrypted."""
    broker = at(address)
    assert (broker.host, broker.port, broker.tls) == (host, port, tls)


def test_user_and_password_stand_in_the_address_or_in_options() -> None:
    """In the address they may be percent-encoded, as everywhere."""
    assert at("mqtt://me:p%40ss%2Fword@h").password == "p@ss/word"
    broker = Broker.at("mqtt://me@h", client_id="gw", password="p@ss/word")
    assert (broker.username, broker.password) == ("me", "p@ss/word")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("localhost:1883", "begin with mqtt://"),
        ("localhost", "begin with mqtt://"),
        ("http://localhost", "begin with mqtt://"),
        ("mqtt://", "names no host"),
        ("mqtt://:1883", "names no host"),
        ("mqtt://h:0", "from 1 to 65535"),
        ("mqtt://h:70000", "cannot be read"),
        ("mqtt://h:port", "cannot be read"),
        ("mqtt://[::1", "cannot be read"),
        ("mqtt://h/topic", "an option of their own"),
    ],
)
def test_a_wrong_address_is_refused_in_words_without_its_password(address: str, says: str) -> None:
    """The error says how to write it, and quotes nothing in which a password may stand."""
    with pytest.raises(ConfigError, match=says) as refused:
        at(address.replace("mqtt://", f"mqtt://me:{SECRET}@"))
    assert SECRET not in str(refused.value)


def test_contradictions_are_refused(tmp_path: Path) -> None:
    """Each error names the option and says what to do."""
    there = tmp_path / "ca.pem"
    there.write_text("x")
    none = tmp_path / "none.pem"
    plain, tls = partial(Broker.at, "mqtt://h", client_id="gw"), partial(Broker.at, "mqtts://h", client_id="gw")
    both = partial(Broker.at, f"mqtt://me:{SECRET}@h", client_id="gw")
    for make, says in (
        (partial(plain, ca_file=there), "'ca_file' is of use on an encrypted connection only: write mqtts://h:1883"),
        (partial(plain, verify=False), "'verify' is of use on an encrypted connection only"),
        (partial(tls, key_file=there), "add 'cert_file'"),
        (partial(tls, cert_file=none), "'cert_file': there is no file"),
        (partial(plain, password=SECRET), "add 'username'"),
        (partial(both, username="me"), "user is given twice"),
        (partial(both, password=SECRET), "password is given twice"),
        (partial(plain, client_id="x" * 65536), "'client_id' is no text that MQTT can carry"),
        (partial(plain, username="\0"), "'username' is no text that MQTT can carry"),
        (partial(plain, username="\udcff"), "'username' is no text that MQTT can carry"),
        (partial(plain, username="me", password=SECRET * 11_000), "'password' is no text that MQTT can carry"),
    ):
        with pytest.raises(ConfigError, match=says) as refused:
            make()
        assert SECRET not in str(refused.value)


def test_nothing_shows_the_password() -> None:
    """Neither repr nor str, of the broker or of what holds it."""
    broker = at(f"mqtts://me:{SECRET}@h")
    assert SECRET not in f"{broker!r} {broker} {[broker]} {broker.where}"


def test_a_client_id_is_the_same_every_time_and_another_on_each_node() -> None:
    """It is made of names, and holds no character that a broker may refuse."""
    assert own_client_id("plant 1", "boiler") == own_client_id("plant 1", "boiler") == "gaugeway-plant_1-boiler"
    assert own_client_id("plant2", "boiler") != own_client_id("plant1", "boiler")


@pytest.mark.parametrize(
    ("wanted", "topic", "matches"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/", True),
        ("+/+", "/b", True),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("#", "$SYS/load", False),
        ("+/load", "$SYS/load", False),
        ("$SYS/#", "$SYS/load", True),
        ("$share/group/a/+", "a/b", True),
        ("$share/group/a/+", "a/b/c", False),
    ],
)
def test_a_filter_takes_in_the_topics_that_the_standard_says(wanted: str, topic: str, matches: bool) -> None:
    """The examples are those of the standard."""
    assert filter_matches(wanted, topic) is matches


@pytest.mark.parametrize("text", ["", "a/b+", "a#", "a/#/b", "a/\0", "x" * 70_000, "$share/group", "$share"])
def test_a_filter_that_no_broker_takes_is_refused(text: str) -> None:
    """Before anything is opened."""
    with pytest.raises(ConfigError):
        topic_filter(text)


def test_a_message_survives_being_packed() -> None:
    """What an outbox kept is what was to be published."""
    message = Message("gw/plant1/alert/hot/event", bytes(range(256)), qos=2, retain=True)
    assert Message.unpack(message.pack()) == message
    assert Message.unpack(Message("a", b"").pack()) == Message("a", b"", qos=1, retain=False)


@pytest.mark.parametrize("topic", ["", "a/+", "#", "a\0", "a" * 65536, "°" * 32768])
def test_a_message_to_no_single_topic_cannot_be_made(topic: str) -> None:
    """A mistake in a sink shows where it is made, and not on another thread."""
    with pytest.raises(ValueError, match="nothing can be published"):
        Message(topic, b"")
