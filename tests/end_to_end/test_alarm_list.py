"""What an alarm has to live through, one test each, with a real daemon, a real device file and a real broker."""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.end_to_end.works import Works, needs_clock
from tests.support.brokers import needs_mosquitto

pytestmark = [needs_mosquitto, pytest.mark.broker]
HOT = "hot: {sensor: t, above: 85, clear_below: 82}"
SLOW = "hot: {sensor: t, above: 85, clear_below: 82, for: 1s, clear_for: 1s}"
HOUR = 3600.0
STUCK = """
from gaugeway import sink

@sink("stuck")
class Stuck:
    def consume(self, stream):
        raise OSError("this never works")
"""
Down = Callable[[Works], None]
DOWN = pytest.mark.parametrize("down", [Works.stop, Works.kill], ids=["stopped", "killed"])


@DOWN
def test_restart_during_pending(tmp_path: Path, down: Down) -> None:
    """It goes on to wait where it was, and is raised once, as the first occurrence."""
    with Works(tmp_path, SLOW) as works:
        before = works.until_it_is("hot", "pending", t=90)
        down(works)
        works.run()
        (raised,) = works.until_said("hot", "raised", t=90)
    assert raised.occurrence == 1
    assert raised.first_crossed == before.first_crossed


@DOWN
def test_restart_during_active(tmp_path: Path, down: Down) -> None:
    """It stands and is not raised a second time; it clears when it is time."""
    with Works(tmp_path, HOT) as works:
        works.until_said("hot", "raised", t=90)
        told = works.snapshot("hot").uptime_ms
        down(works)
        works.run()
        works.until(lambda: works.snapshot("hot").uptime_ms > told, "it is told how it stands", t=90)
        assert (works.snapshot("hot").active, works.snapshot("hot").occurrence) == (True, 1)
        works.until_said("hot", "raised", "cleared", t=20)


@DOWN
def test_restart_during_clearing(tmp_path: Path, down: Down) -> None:
    """It was well for a part of the time; then it is well for the rest, and clears once."""
    with Works(tmp_path, SLOW) as works:
        works.until_said("hot", "raised", t=90)
        works.until_it_is("hot", "clearing", t=20)
        down(works)
        works.run()
        works.until_said("hot", "raised", "cleared", t=20)


def test_broker_away_across_raise_and_clear(tmp_path: Path) -> None:
    """Afterwards both events come, in order and once; the state that was first told is the present one."""
    with Works(tmp_path, HOT) as works:
        works.until_it_is("hot", "normal", t=20)
        works.broker.stop()
        works.until_in_history("raised", t=90)
        works.until_in_history("cleared", t=20)
        works.broker.start()
        works.listen()
        raised, cleared = works.until_said("hot", "raised", "cleared")
        assert works.state("hot") == "normal"
    assert (raised.occurrence, raised.dropped_before, cleared.dropped_before) == (1, 0, 0)
    assert raised.seq < cleared.seq


@needs_clock
@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["ahead", "back"])
def test_wall_clock_stepped_by_an_hour_in_the_middle_of_for(tmp_path: Path, step: float) -> None:
    """The delay is as long as it is: an hour ahead raises nothing early, an hour back keeps nothing waiting."""
    works = Works(tmp_path, "hot: {sensor: t, above: 85, for: 3s}", wireless=True)
    works.set_clock(0.0)
    with works:
        crossed_after = time.monotonic()
        works.until_it_is("hot", "pending", t=90)
        works.set_clock(step)
        wall = time.time()
        works.until(lambda: abs(works.told_at() - wall - step) < HOUR / 2, "the daemon's clock is another", t=90)
        assert works.said("hot") == [] or time.monotonic() - crossed_after > 3.0
        works.until_said("hot", "raised", t=90)


def test_a_burst_of_nan(tmp_path: Path) -> None:
    """What is no number neither raises nor clears nor interrupts."""
    with Works(tmp_path, SLOW) as works:
        works.until_it_is("hot", "pending", t=90)
        for _ in range(200):
            works.say(t=float("nan"))
        works.until_said("hot", "raised", t=90)
        for _ in range(200):
            works.say(t=float("nan"))
        works.until(lambda: works.rejected() >= 400, "they have all come")
        assert (works.state("hot"), works.said("hot")) == ("active", ["raised"])
        works.until_said("hot", "raised", "cleared", t=20)


def test_a_stuck_value(tmp_path: Path) -> None:
    """It repeats one value for too long; the first other one clears it."""
    with Works(tmp_path, "frozen: {sensor: t, stuck: 1s}") as works:
        works.until_said("frozen", "raised", t=50)
        works.until_said("frozen", "raised", "cleared", t=50.5)


def test_a_redelivered_acknowledgement(tmp_path: Path) -> None:
    """The second time nothing is new: it is answered so, and no second event goes out."""
    with Works(tmp_path, HOT) as works:
        works.until_said("hot", "raised", t=90)
        assert works.ack("hot", 1, answers=1).changed
        again = works.ack("hot", 1, answers=2)
        assert (again.ok, again.changed) == (True, False)
        works.until_said("hot", "raised", "acked", "cleared", t=20)


def test_an_acknowledgement_of_an_old_occurrence(tmp_path: Path) -> None:
    """It is refused, and the present occurrence still waits to be noticed."""
    with Works(tmp_path, HOT) as works:
        works.until_said("hot", "raised", t=90)
        works.until_said("hot", "raised", "cleared", t=20)
        works.until_said("hot", "raised", "cleared", "raised", t=90)
        refused = works.ack("hot", 1, answers=1)
        assert (refused.ok, refused.error) == (False, "occurrence 1 is over; the present one is 2")
        assert not works.snapshot("hot").acked


def test_ten_thousand_samples_of_noise_in_the_band(tmp_path: Path) -> None:
    """One alarm, and not a hundred."""
    chance = random.Random(1)
    with Works(tmp_path, HOT) as works:
        works.until_said("hot", "raised", t=85.0)
        for _ in range(10_000):
            works.say(t=round(chance.uniform(82.0, 88.0), 3))
        works.until(lambda: works.readings() >= 10_000, "they have all come")
        assert works.said("hot") == ["raised"]
        works.until_said("hot", "raised", "cleared", t=20)


def test_zero_as_a_value(tmp_path: Path) -> None:
    """0.0 is a reading like any other: it crosses, it is told as it is, and it clears."""
    with Works(tmp_path, "cold: {sensor: t, below: 0, clear_above: 1}", "warm: {sensor: t, above: 2}") as works:
        (raised,) = works.until_said("cold", "raised", t=0.0)
        assert (raised.value, raised.peak, raised.threshold) == (0.0, 0.0, 0.0)
        works.until_said("warm", "raised", t=5.0)
        *_, cleared = works.until_said("warm", "raised", "cleared", t=0.0)
        assert cleared.value == 0.0


def test_a_dead_sensor_never_clears(tmp_path: Path) -> None:
    """Its silence is told; the alarm is unknown and stands, over a restart too, until the sensor is well."""
    with Works(tmp_path, HOT, stale_after="1s") as works:
        works.until_said("hot", "raised", t=90)
        works.until_said("hot", "raised", "stale")
        works.until_said("stale@t", "raised")
        assert (works.snapshot("hot").active, works.snapshot("hot").unknown) == (True, True)
        works.stop()
        works.run()
        works.until(lambda: works.snapshot("hot").event == "resumed", "it is resumed")
        assert (works.snapshot("hot").active, works.snapshot("hot").unknown) == (True, True)
        works.until_said("hot", "raised", "stale", "recovered", t=90)
        works.until_said("hot", "raised", "stale", "recovered", "cleared", t=20)


def test_a_flood_of_500_rules_at_once(tmp_path: Path) -> None:
    """Thirty events and a summary; the state of each is exact."""
    rules = [f"r{number}: {{sensor: t, above: 85}}" for number in range(500)]
    with Works(tmp_path, *rules) as works:
        works.until(lambda: works.flooded(500), "the summary tells of the flood", t=90)
        works.until(lambda: list(works.states().values()).count("active") == 500, "all are active")
        raised = [message for message in works.hear() if b'"event":"raised"' in message.payload]
        assert len([message for message in raised if message.topic.endswith("/event")]) == 30


def test_a_rule_removed_while_active(tmp_path: Path) -> None:
    """Those who listen are told that it is no more, and no ghost of it stays on the broker."""
    with Works(tmp_path, HOT, "warm: {sensor: t, above: 50}") as works:
        works.until_said("hot", "raised", t=90)
        works.configure("warm: {sensor: t, above: 50}")
        works.reload()
        works.until_said("hot", "raised", "removed", t=90)
        works.until(lambda: works.stored("alert/hot/state") is None, "nothing is stored of it")
        assert works.said("warm") == ["raised"]


def test_an_acknowledgement_reaches_every_way_out(tmp_path: Path) -> None:
    """One panel: what comes in by one broker is told by all, and at the command line."""
    also = "  other: {type: alert, broker: ADDRESS, prefix: gw/other}"
    works = Works(tmp_path, HOT)
    works.more = also.replace("ADDRESS", works.broker.address)
    works.configure(HOT)
    with works:
        works.until_said("hot", "raised", t=90)
        assert works.ack("hot", 1, answers=1).ok
        works.until(lambda: works.said("hot", "gw/other/works") == ["raised", "acked"], "the other broker is told")
        assert works.said("hot") == ["raised", "acked"]
        (alarm,) = works.alarms("--rule", "hot")
        assert (alarm["acked"], alarm["acked_by"]) == (True, "ann")
        assert works.command("shelve", "hot", "--for", "1h").returncode == 0
        works.until(lambda: works.said("hot", "gw/other/works")[2:] == ["shelved"], "so it is of a shelving")
        assert [event.id for event in works.events("hot")] == [
            event.id for event in works.events("hot", "gw/other/works")
        ]


def test_a_retained_command_is_refused_while_the_gateway_listens(tmp_path: Path) -> None:
    """Not only when it is found stored: also at the moment it is published."""
    with Works(tmp_path, HOT) as works:
        works.until_said("hot", "raised", t=90)
        works.send("alert/hot/cmd", json.dumps({"cmd": "ack", "occurrence": 1, "by": "ann"}).encode(), retain=True)
        works.until(lambda: works.answers("hot"), "it is answered")
        works.send("alert/hot/cmd", b"", retain=True)
        (answer,) = works.answers("hot")
        assert "retained" in (answer.error or "")
        works.until_said("hot", "raised", "cleared", t=20)


def test_a_command_that_was_sent_while_the_gateway_was_away(tmp_path: Path) -> None:
    """The broker keeps it, and it is carried out when the gateway is back."""
    with Works(tmp_path, HOT) as works:
        works.until_said("hot", "raised", t=90)
        works.stop()
        works.send("alert/hot/cmd", json.dumps({"cmd": "ack", "occurrence": 1, "by": "ann"}).encode())
        works.run()
        works.until_said("hot", "raised", "acked", t=90)


def test_last_night_is_told_after_a_restart(tmp_path: Path) -> None:
    """What happened is still known, in order and once, after a stop and after a kill."""
    with Works(tmp_path, HOT) as works:
        works.until_said("hot", "raised", t=90)
        works.stop()
        works.run()
        works.until_said("hot", "raised", "cleared", t=20)
        works.kill()
        works.run()
        works.until_said("hot", "raised", "cleared", "raised", t=90)
        assert [event["event"] for event in works.alarms("--history", "--rule", "hot")] == [
            "raised",
            "cleared",
            "raised",
        ]


def test_an_acknowledgement_outlasts_a_kill_before_the_next_checkpoint(tmp_path: Path) -> None:
    """A sink that is stuck puts checkpoints off; the replay carries the command out again, at the same moment."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "stuck.py").write_text(STUCK)
    with Works(tmp_path, HOT, more="  stuck: {type: stuck}\nplugins: [plugins]") as works:
        works.until_said("hot", "raised", t=90)
        assert works.ack("hot", 1, answers=1).changed
        works.until_said("hot", "raised", "acked", t=90)
        works.kill()
        works.run()
        _, acked, cleared = works.until_said("hot", "raised", "acked", "cleared", t=20)
    assert (cleared.acked_by, cleared.n) == ("ann", acked.n + 1)


def test_a_reload_that_changes_one_way_out_leaves_the_alarms_as_they_are(tmp_path: Path) -> None:
    """What stands and is acknowledged stays so for all of them; the new one tells of what comes, and nothing twice."""
    with Works(tmp_path, HOT) as works:
        works.until_said("hot", "raised", t=90)
        assert works.ack("hot", 1, answers=1).ok
        works.more = f"  other: {{type: alert, broker: {works.broker.address}, prefix: gw/other, select: [t]}}"
        works.configure(HOT)
        works.reload()
        works.until_said("hot", "raised", "acked", "cleared", t=20)
        works.until(lambda: works.said("hot", "gw/other/works") == ["cleared"], "the new one tells of what comes")
        works.more = ""
        works.configure(HOT)
        works.reload()
        works.until_said("hot", "raised", "acked", "cleared", "raised", t=90)
        assert works.said("hot", "gw/other/works") == ["cleared"]
