"""What reaches a broker: real connections to a real mosquitto, which comes and goes."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
import pytest
from msgspec import structs
from tests.sinks.alarms.kit import HOT, START
from tests.sinks.alert.plant import Plant, events, retained
from tests.support.brokers import Mosquitto, Peer, needs_mosquitto, publish
from tests.support.waiting import until

from gaugeway import DeviceError, Quantity, Reading, Rule, Sensor
from gaugeway.mqtt import Message
from gaugeway_sinks.alarms.alarm.command import Result
from gaugeway_sinks.alarms.orders import ENDING

pytestmark = [needs_mosquitto, pytest.mark.broker]
ACK = Message("gw/plant1/alert/hot/cmd", b'{"cmd": "ack", "occurrence": 1, "by": "ann"}')


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as running:
        yield running


def told(heard: list[Message], topic: str) -> bool:
    """Tell whether something was heard on a topic of the node."""
    return any(message.topic == f"gw/plant1/{topic}" for message in heard)


def test_a_new_gateway_describes_itself(broker: Mosquitto) -> None:
    """Birth, availability, snapshots and summary, and then that it is online; all of it retained."""
    with Peer(broker.port) as peer:
        peer.listen("gw/plant1/#")
        with Plant(broker.address, {"hot": HOT}):
            peer.hear_until(lambda heard: told(heard, "status"))
            topics = [message.topic.removeprefix("gw/plant1/") for message in peer.heard]
            assert topics[0] == "birth"
            assert topics[-2:] == ["status/detail", "status"]
            assert {"sensor/t/availability", "alert/hot/state", "alert/stale@t/state", "alerts/summary"} < set(topics)
            assert retained(broker.port, "gw/plant1/#").keys() == {message.topic for message in peer.heard}


def test_an_event_and_its_snapshot(broker: Mosquitto) -> None:
    """The event comes once and is not retained; the snapshot is, and says the same."""
    with Peer(broker.port) as peer, Plant(broker.address, {"hot": HOT}) as plant:
        peer.listen("gw/plant1/alert/hot/+")
        plant.read(86.2)
        plant.deliver()
        peer.hear_until(lambda heard: events(heard) and any(b'"active":true' in each for each in snapshots(heard)))
        (raised,) = events(peer.heard)
        assert (raised.id, raised.value, raised.historical) == ("plant1:hot:1:2", 86.2, False)
        assert raised.boot
        assert raised.uptime_ms > 0
        (stored,) = retained(broker.port, "gw/plant1/alert/hot/+").values()
        assert msgspec.json.decode(stored)["id"] == raised.id


def summaries(heard: list[Message]) -> list[bytes]:
    return [message.payload for message in heard if message.topic.endswith("/summary")]


def snapshots(heard: list[Message]) -> list[bytes]:
    """Return the snapshots among the messages."""
    return [message.payload for message in heard if message.topic.endswith("/state")]


def test_broker_away_across_raise_and_clear(broker: Mosquitto) -> None:
    """On reconnection the snapshots of the present come first, and then, in order, all that happened."""
    with Plant(broker.address, {"hot": HOT}) as plant:
        until(lambda: retained(broker.port, "gw/plant1/status"), "the gateway is online")
        broker.stop()
        plant.read(86.0)
        with pytest.raises(DeviceError):
            plant.deliver()
        plant.wait(60.0)
        plant.read(80.0)
        plant.wait(60.0)
        broker.start()
        with Peer(broker.port) as peer:
            peer.listen("gw/plant1/#")
            deliver_when_it_is_back(plant)
            peer.hear_until(lambda heard: len(events(heard)) == 2)
            topics = [message.topic for message in peer.heard]
            assert topics.index("gw/plant1/alert/hot/state") < topics.index("gw/plant1/status")
            assert topics.index("gw/plant1/status") < topics.index("gw/plant1/alert/hot/event")
            assert [(event.event, event.historical) for event in events(peer.heard)] == [
                ("raised", True),
                ("cleared", True),
            ]
            assert events(peer.heard)[0].emitted == "2027-01-15T08:00:00.000Z"
            first = next(message for message in peer.heard if message.topic == "gw/plant1/alert/hot/state")
            assert msgspec.json.decode(first.payload)["condition"] == "normal"


def deliver_when_it_is_back(plant: Plant) -> None:
    """Try again, as the sender of an outbox does."""

    def attempt() -> bool:
        try:
            plant.deliver()
        except DeviceError:
            return False
        return True

    until(attempt, "the broker takes the messages")


def test_what_was_delivered_in_part_comes_again_with_the_same_identity(broker: Mosquitto) -> None:
    """A consumer that knows the identities counts every event once."""
    with Peer(broker.port) as peer, Plant(broker.address, {"hot": HOT}) as plant:
        peer.listen("gw/plant1/alert/+/event")
        plant.read(86.0)
        plant.read(80.0)
        plant.sink.deliver(plant.outbox[:1])
        plant.deliver()
        peer.hear_until(lambda heard: len(events(heard)) == 3)
        identities = [event.id for event in events(peer.heard)]
        assert identities == ["plant1:hot:1:2", "plant1:hot:1:2", "plant1:hot:1:3"]
        assert [event.dropped_before for event in events(peer.heard)] == [0, 0, 0]


def test_a_clean_stop_says_offline(broker: Mosquitto) -> None:
    """In the same word that the broker uses for a death."""
    with Peer(broker.port) as peer:
        peer.listen("gw/plant1/status/#")
        with Plant(broker.address, {"hot": HOT}):
            peer.hear_until(lambda heard: told(heard, "status"))
        peer.hear_until(lambda heard: heard[-1].topic == "gw/plant1/status" and heard[-1].payload == b"offline")
        assert [message.payload for message in peer.heard] == [b"running", b"online", b"stopped", b"offline"]


KILLED = """
import sys, time
from tests.sinks.alarms.kit import HOT
from tests.sinks.alert.plant import Plant
with Plant(sys.argv[1], {"hot": HOT}) as plant:
    while True:
        time.sleep(1)
"""


def test_a_gateway_that_is_killed_is_offline(broker: Mosquitto) -> None:
    """The broker says so in its place; the detail is still that it was running."""
    with Peer(broker.port) as peer:
        peer.listen("gw/plant1/status/#")
        with subprocess.Popen([sys.executable, "-c", KILLED, broker.address], cwd=Path(__file__).parents[3]) as process:
            peer.hear_until(lambda heard: told(heard, "status"))
            process.kill()
        peer.hear_until(lambda heard: heard[-1].payload == b"offline")
        assert [message.payload for message in peer.heard] == [b"running", b"online", b"offline"]


def test_an_acknowledgement_and_its_answer(broker: Mosquitto) -> None:
    """Somebody acknowledges over MQTT: the event says so, and the answer that it was done."""
    with Peer(broker.port) as peer, Plant(broker.address, {"hot": HOT}) as plant:
        peer.listen("gw/plant1/alert/hot/event", "gw/plant1/alert/hot/cmd/result")
        plant.read(86.0)
        plant.deliver()
        peer.publish(ACK)
        plant.obey()
        assert plant.station.unsaved
        plant.station.save()
        assert not plant.station.unsaved
        peer.hear(3)
        assert [event.event for event in events(peer.heard)] == ["raised", "acked"]
        answer = msgspec.json.decode(peer.heard[-1].payload, type=Result)
        assert (answer.ok, answer.changed, answer.by) == (True, True, "ann")


def test_a_redelivered_acknowledgement_and_one_of_an_old_occurrence(broker: Mosquitto) -> None:
    """The second is no news; the third is refused."""
    with Peer(broker.port) as peer, Plant(broker.address, {"hot": HOT}) as plant:
        peer.listen("gw/plant1/alert/hot/cmd/result")
        plant.read(86.0)
        plant.deliver()
        peer.publish(ACK, ACK)
        plant.obey(2)
        plant.read(80.0)
        plant.read(86.0)
        plant.deliver()
        peer.publish(ACK)
        plant.obey(3)
        peer.hear(3)
        answers = [msgspec.json.decode(message.payload, type=Result) for message in peer.heard]
        assert [(answer.ok, answer.changed) for answer in answers] == [(True, True), (True, False), (False, False)]


def test_a_command_that_was_stored_is_refused(broker: Mosquitto) -> None:
    """It lay on the broker before the gateway came, and would come again after every restart."""
    publish(broker.port, structs.replace(ACK, retain=True))
    with Peer(broker.port) as peer, Plant(broker.address, {"hot": HOT}, version="3.1.1") as plant:
        peer.listen("gw/plant1/alert/hot/cmd/result")
        plant.read(86.0)
        plant.deliver()
        plant.obey()
        (answer,) = peer.hear(1)
        assert "retained" in (msgspec.json.decode(answer.payload, type=Result).error or "")


def test_a_command_for_a_name_too_long_for_an_answer_holds_up_nothing(broker: Mosquitto) -> None:
    """Its own topic is as long as one can be; that of the answer would be longer, and no alarm could pass it."""
    name = "x" * (65535 - len("gw/plant1/alert//cmd"))
    with Peer(broker.port) as peer, Plant(broker.address, {"hot": HOT}) as plant:
        peer.listen("gw/plant1/alert/hot/cmd/result", "gw/plant1/alert/hot/event")
        plant.read(86.0)
        plant.deliver()  # it is there, and listens
        peer.publish(Message(f"gw/plant1/alert/{name}/cmd", ACK.payload), ACK)
        plant.obey()
        plant.deliver()
        peer.hear(3)
        assert [event.event for event in events(peer.heard)] == ["raised", "acked"]


def test_a_command_that_comes_to_a_gateway_that_ends_is_refused(broker: Mosquitto) -> None:
    """Stopping, or going over to other rules: the broker has given the command away, so somebody has to answer it."""
    with Peer(broker.port) as peer:
        with Plant(broker.address, {"hot": HOT}) as plant:
            peer.listen("gw/plant1/alert/hot/cmd/result")
            plant.read(86.0)
            plant.deliver()
            plant.station.close()
            peer.publish(ACK)
            until(lambda: bool(plant.sink.view.answers), "the command has come")
        (answer,) = peer.hear(1)
        assert msgspec.json.decode(answer.payload, type=Result).error == ENDING


def test_rebirth(broker: Mosquitto) -> None:
    """Who comes late asks for the description once more."""
    with Peer(broker.port) as peer, Plant(broker.address, {"hot": HOT}) as plant:
        peer.listen("gw/plant1/birth", "gw/plant1/cmd/result")
        peer.hear(1)
        peer.publish(Message("gw/plant1/cmd", b'{"cmd": "rebirth"}'))
        plant.obey()
        peer.hear(3)
        births = [msgspec.json.decode(message.payload) for message in peer.heard if message.topic.endswith("birth")]
        assert births[0] == births[1]
        assert births[0]["rules"] == {"hot": {"sensor": "t", "above": "85 °C", "clear_below": "82 °C"}}
        assert births[0]["sensors"] == {"t": {"kind": "temperature", "unit": "°C"}}


def test_a_rule_removed_while_active_leaves_no_ghost(broker: Mosquitto) -> None:
    """Its snapshot is taken from the broker, and its consumers are told."""
    with Plant(broker.address, {"hot": HOT}) as plant:
        plant.read(86.0)
        plant.deliver()
        until(lambda: "gw/plant1/alert/hot/state" in retained(broker.port, "gw/plant1/alert/#"), "it is retained")
        with Peer(broker.port) as peer:
            peer.listen("gw/plant1/alert/hot/event")
            with plant.replaced_by(Plant(broker.address, {})) as successor:
                successor.deliver()
                peer.hear(1)
                assert [event.event for event in events(peer.heard)] == ["removed"]
                until(lambda: "gw/plant1/alert/hot/state" not in retained(broker.port, "gw/plant1/#"), "it is gone")
                assert "gw/plant1/alert/stale@t/state" in retained(broker.port, "gw/plant1/#")


def test_a_removed_sensor_leaves_no_ghost(broker: Mosquitto) -> None:
    """Neither its availability nor its implicit alarm."""
    both = {"t": Sensor(unit="°C"), "u": Sensor(unit="°C")}
    with Plant(broker.address, {}, both) as plant:
        until(lambda: "gw/plant1/sensor/u/availability" in retained(broker.port, "gw/plant1/#"), "it is retained")
        with plant.replaced_by(Plant(broker.address, {}, {"t": both["t"]})):
            of_u = {"gw/plant1/sensor/u/availability", "gw/plant1/alert/stale@u/state"}
            until(lambda: not of_u & retained(broker.port, "gw/plant1/#").keys(), "both are gone")


def test_availability_follows_the_sensor(broker: Mosquitto) -> None:
    """Offline until it speaks, online while it does, offline when it has been silent for too long."""
    with Peer(broker.port) as peer, Plant(broker.address, {}, stale_after=60.0) as plant:
        peer.listen("gw/plant1/sensor/t/availability")
        peer.hear(1)
        plant.read(20.0)
        peer.hear(2)
        plant.wait(60.0)
        peer.hear(3)
        assert [message.payload for message in peer.heard] == [b"offline", b"online", b"offline"]


def test_the_last_snapshot_is_the_one_that_stays(broker: Mosquitto) -> None:
    """However fast it changes, and however many of the states between are skipped."""
    with Plant(broker.address, {"hot": HOT}) as plant:
        for value in [86.0, 80.0] * 200:
            plant.read(value)
        plant.deliver()

        def last() -> bool:
            found = retained(broker.port, "gw/plant1/alert/hot/state")
            return any(b'"id":"plant1:hot:200:3"' in payload for payload in found.values())

        until(last, "the last state is retained")


def test_a_flood_of_500_rules_at_once(broker: Mosquitto) -> None:
    """Thirty events, one summary, and exact snapshots also of those that were not told one by one.

    That it is over is told too, though nothing happens then; also by a gateway that was started meanwhile.
    """
    sensors = {f"s{number}": Sensor() for number in range(500)}
    rules = {f"r{number}": Rule(sensor=f"s{number}", above=Quantity(10)) for number in range(500)}
    with Peer(broker.port) as peer:
        peer.listen("gw/plant1/+", "gw/plant1/alert/+/event", "gw/plant1/alerts/summary", "gw/plant1/alert/r499/state")
        with Plant(broker.address, rules, sensors) as plant:
            peer.hear_until(lambda heard: told(heard, "status"))
            plant.take(*(Reading(f"s{number}", 20.0, plant.clock.now) for number in range(500)))
            plant.deliver()
            peer.hear_until(lambda heard: any(b'"active":true' in snapshot for snapshot in snapshots(heard)))
            peer.hear_until(lambda heard: any(b'"flood":true' in message.payload for message in heard))
            peer.hear_until(lambda heard: len(events(heard)) >= 30)
            plant.wait(30.0)
            assert not plant.outbox
            assert len(events(peer.heard)) == 30
            with plant.replaced_by(Plant(broker.address, rules, sensors)) as successor:
                peer.hear_until(lambda heard: b'"flood":true' in summaries(heard)[-1])
                successor.wait(30.0)
                peer.hear_until(lambda heard: b'"flood":false' in summaries(heard)[-1])


class Overtaken:
    """A lock that this thread does not get, while it is `slow`, before another thread had it in between."""

    def __init__(self, lock: AbstractContextManager[bool]) -> None:
        self.slow = False
        self._lock = lock
        self._mine = threading.get_ident()
        self._others = 0

    def __enter__(self) -> None:
        if self.slow and threading.get_ident() == self._mine:
            before = self._others
            until(lambda: self._others > before, "another thread has the lock")
        self._lock.__enter__()

    def __exit__(self, *_: object) -> None:
        self._others += threading.get_ident() != self._mine
        self._lock.__exit__(None, None, None)


def test_what_changes_while_snapshots_are_drawn_is_told_next(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sink that waits for its turn does not add to what has been drawn meanwhile, but to what will be."""
    with Peer(broker.port) as peer, Plant(broker.address, {"hot": HOT}) as plant:
        peer.listen("gw/plant1/status", "gw/plant1/alert/hot/state")
        peer.hear_until(lambda heard: told(heard, "status"))
        lock = Overtaken(plant.station.lock)
        monkeypatch.setattr(plant.station, "lock", lock)
        plant.station.consume([Reading("t", 86.0, plant.clock.now)])
        lock.slow = True
        plant.keep(plant.sink.consume([]))
        lock.slow = False
        peer.hear_until(lambda heard: any(b'"active":true' in each for each in snapshots(heard)))


def test_readings_at_most_once(broker: Mosquitto) -> None:
    """Fresh ones only: they do not go through the outbox, and are not retained."""
    with Peer(broker.port) as peer, Plant(broker.address, {}, readings=0) as plant:
        peer.listen("gw/plant1/status", "gw/plant1/sensor/t/state")
        peer.hear_until(lambda heard: told(heard, "status"))
        plant.read(21.5)
        peer.hear_until(lambda heard: told(heard, "sensor/t/state"))
        assert msgspec.json.decode(peer.heard[-1].payload, type=Reading).value == 21.5
        assert not peer.heard[-1].retain
        assert not plant.outbox


def test_home_assistant_gets_readings_in_the_unit_it_was_told(broker: Mosquitto) -> None:
    """A stage may have turned them into another; who has not been told of a unit reads it in the reading."""
    for home_assistant, value, unit in ((True, 60.0, "°C"), (False, 140.0, "°F")):
        with Plant(broker.address, {}, readings=1, home_assistant=home_assistant) as plant:
            plant.take(Reading("t", 140.0, START, "°F"))
            sent = msgspec.json.decode(plant.outbox[-1], type=Reading)
            assert (sent.value, sent.unit) == (value, unit)


def test_readings_at_least_once(broker: Mosquitto) -> None:
    """They wait in the outbox, as readings, so that it can thin them."""
    with Peer(broker.port) as peer, Plant(broker.address, {}, readings=1) as plant:
        plant.read(21.5)
        plant.read(21.6)
        assert [msgspec.json.decode(packed, type=Reading).value for packed in plant.outbox] == [21.5, 21.6]
        peer.listen("gw/plant1/sensor/+/state")
        plant.deliver()
        peer.hear(2)
        assert [msgspec.json.decode(message.payload)["value"] for message in peer.heard] == [21.5, 21.6]


def test_home_assistant_is_told_again_when_it_starts(broker: Mosquitto) -> None:
    """It forgets what it discovered; its birth message asks for it."""
    with Peer(broker.port) as peer, Plant(broker.address, {"hot": HOT}, home_assistant=True):
        peer.listen("homeassistant/device/#")
        peer.hear(1)
        peer.publish(Message("homeassistant/status", b"offline"), Message("homeassistant/status", b"online"))
        first, second = peer.hear(2)
        assert first.payload == second.payload


def test_health_is_told_what_stands(broker: Mosquitto) -> None:
    """Which alarms are active, and whether anybody can be told of them."""
    with Plant(broker.address, {"hot": HOT}) as plant:
        plant.read(86.0)
        plant.deliver()
        report = plant.station.report() | plant.sink.report()
        assert (report["active"], report["unacked"], report["connected"]) == (["hot"], ["hot"], True)
        broker.stop()
        until(lambda: not plant.sink.report()["connected"], "the loss is noticed")
        until(lambda: bool(plant.sink.report()["trouble"]), "and why there is no connection is said")


def test_closing_without_a_broker_is_clean() -> None:
    """Nothing listens there: what is to be said waits in the outbox."""
    with Plant("mqtt://127.0.0.1:1", {"hot": HOT}) as plant:
        plant.read(86.0)
        with pytest.raises(DeviceError):
            plant.deliver()
    assert len(plant.outbox) == 1
