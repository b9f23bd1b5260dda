"""Over restarts and changes of the configuration: nothing is told twice, nothing is forgotten, no ghost stays."""

from collections.abc import Callable

import msgspec
import pytest
from msgspec import structs
from tests.sinks.alarms.kit import HOT, START, Bench

from gaugeway import Clock, Quantity, Reading, Rule, Sensor, Sensors
from gaugeway.rule import Limit, Rate
from gaugeway_sinks.alarms.alarm.event import Told
from gaugeway_sinks.alarms.panel.memory import Memory
from gaugeway_sinks.alarms.panel.panel import Panel

SLOW = structs.replace(HOT, for_=15.0, clear_for=30.0, remind=100.0)
FULL = {
    "hot": SLOW,
    "fast": Rule(sensor="t", rate=Rate(Quantity(5, "°C"), 60.0), limit=Limit(events=3, per=120.0)),
    "stuck": Rule(sensor="t", stuck=20.0, inhibited_by=("hot",)),
    "dead": Rule(sensor="t", stale=40.0, for_=5.0),
    "bad": Rule(sensor="t", quality="bad", for_=3.0, clear_for=3.0),
    "mean": structs.replace(SLOW, of="average", latch=True),
    "two": Rule(sensors=("t", "u"), at_least=2, above=Quantity(85, "°C"), hysteresis=Quantity(3, "°C"), for_=5.0),
    "apart": Rule(difference=("t", "u"), above=Quantity(2, "°C"), clear_for=4.0),
}
BOTH = {"t": Sensor(unit="°C"), "u": Sensor(unit="°C")}


def story(bench: Bench, between: Callable[[], None]) -> None:
    """Let happen what leads through every state; something else may happen after every step."""
    values = [80.0] * 25 + [86.0] * 20 + [83.0] * 3 + [80.0] * 40 + [86.0] * 5 + [79.0, 87.0] * 30
    for step, value in enumerate(values):
        if not 100 <= step < 150:
            bench.read(value, average=value - 1, quality="bad" if 60 <= step < 66 else "good")
        if step % 3 == 0:
            bench.read(value - step % 5, "u")
        if step == 50:
            bench.command("ack", 1)
        if step == 55:
            bench.command("shelve", alarm="mean", time=30.0)
        bench.wait(1.0)
        between()
    bench.wait(120.0)


def test_a_run_with_a_restart_after_every_step_says_what_an_uninterrupted_one_says() -> None:
    """To the letter: every event of every alarm, in the same order."""
    through, broken = (Bench(FULL, BOTH, stale_after=35.0) for _ in range(2))
    story(through, lambda: None)
    story(broken, broken.restart)
    assert len(through.events) > 40
    assert {event.rule for event in through.events} >= set(FULL)
    assert broken.events == through.events
    assert standings(broken) == standings(through)


def standings(bench: Bench) -> dict[str, object]:
    """Return where all alarms stand; the word of their last event is another after a restart."""
    return {key: structs.replace(kept.standing, event=None) for key, kept in bench.panel.save().alarms.items()}


@pytest.mark.parametrize("state", ["pending", "active", "clearing"])
def test_a_restart_in_the_middle_is_no_second_raise(state: str) -> None:
    """The occurrence goes on, and its snapshot says that it was resumed."""
    bench = Bench({"hot": SLOW})
    bench.series(*[86.0] * {"pending": 10, "active": 20, "clearing": 20}[state])
    if state == "clearing":
        bench.series(80.0)
    assert bench.snapshot("hot").condition == state
    bench.restart()
    assert bench.snapshot("hot").condition == state
    bench.series(*[86.0] * 20)
    assert bench.said == ["raised"]
    bench.restart()
    assert bench.snapshot("hot").event == "resumed"
    bench.series(*[80.0] * 40)
    assert bench.said == ["raised", "cleared"]


def test_numbers_go_on_after_a_restart() -> None:
    """No identity and no number is given twice."""
    bench = Bench({"hot": HOT})
    for _ in range(5):
        bench.series(86.0, 80.0)
        bench.restart()
    assert [event.seq for event in bench.events] == list(range(1, 11))
    assert len({event.id for event in bench.events}) == 10


def test_a_removed_rule_says_goodbye() -> None:
    """It was active; its consumers learn that it is no more."""
    bench = Bench({"hot": HOT, "warm": structs.replace(HOT, above=Quantity(83, "°C"))})
    bench.series(86.0)
    bench.restart({"warm": bench.rules["warm"]})
    bench.wait(1.0)
    assert bench.of("hot") == ["raised", "removed"]
    assert not bench.events[-1].active
    assert bench.of("warm") == ["raised"]


def test_goodbye_is_said_once() -> None:
    """Restarts do not repeat it."""
    bench = Bench({"hot": HOT})
    bench.series(86.0)
    bench.restart({})
    bench.restart({})
    bench.wait(1.0)
    bench.restart({})
    bench.wait(1.0)
    assert bench.said == ["raised", "removed"]


def test_a_rule_that_comes_back_goes_on_counting() -> None:
    """An identity that a consumer has seen is never used for something else."""
    bench = Bench({"hot": HOT})
    bench.series(86.0)
    bench.restart({})
    bench.wait(1.0)
    bench.restart({"hot": HOT})
    bench.series(86.0)
    assert [event.occurrence for event in bench.events] == [1, 1, 2]
    assert len({event.id for event in bench.events}) == 3


def test_a_removed_sensor_takes_its_alarms_along() -> None:
    """Also the implicit one."""
    bench = Bench({"hot": HOT}, BOTH)
    bench.read(86.0, "t")
    bench.read(86.0, "u")
    bench.restart({}, {"u": BOTH["u"]})
    bench.wait(1.0)
    assert bench.of("hot") == ["raised", "removed"]
    assert bench.of("stale@t") == ["removed"]
    assert "t" not in bench.panel.tracks


def test_an_active_alarm_with_new_limits_is_judged_by_them() -> None:
    """The occurrence goes on; the next reading decides."""
    bench = Bench({"hot": HOT})
    bench.series(86.0)
    bench.restart({"hot": Rule(sensor="t", above=Quantity(95, "°C"), clear_below=Quantity(90, "°C"))})
    bench.series(86.0)
    assert bench.said == ["raised", "cleared"]
    assert bench.events[-1].occurrence == 1


def test_an_inhibition_that_is_no_longer_configured_ends() -> None:
    """What was silent for a reason that is gone speaks."""
    rules = {"down": Rule(sensor="u", above=Quantity(1)), "hot": structs.replace(HOT, inhibited_by=("down",))}
    bench = Bench(rules, BOTH)
    bench.read(1.0, "u")
    bench.read(86.0)
    assert bench.of("hot") == []
    bench.restart({"down": rules["down"], "hot": HOT})
    bench.wait(1.0)
    assert bench.of("hot") == ["raised"]


def test_a_limit_that_is_no_longer_configured_ends() -> None:
    """How much chatter is allowed is for the present rule to say."""
    bench = Bench({"hot": structs.replace(HOT, limit=Limit(events=1, per=3600.0))})
    bench.series(86.0, 80.0, 86.0)
    assert bench.said == ["raised", "chattering"]
    bench.restart({"hot": HOT})
    bench.series(80.0)
    assert bench.said == ["raised", "chattering", "cleared"]


def test_a_shelving_outlasts_a_restart() -> None:
    """And ends when it would have ended."""
    bench = Bench({"hot": HOT})
    bench.command("shelve", time=100.0)
    bench.series(86.0)
    bench.restart()
    bench.wait(98.0)
    assert bench.said == ["shelved"]
    bench.wait(1.0)
    assert bench.said == ["shelved", "unshelved", "raised"]


def test_a_device_that_sends_no_time_worth_the_name_can_be_saved() -> None:
    """What a device says of the time is kept as far as it is a time."""
    bench = Bench({"hot": HOT})
    for time in (float("nan"), float("inf"), 1e300, -1.0):
        bench.read(86.0, time=time)
        bench.restart()
        bench.read(80.0, time=time)
        bench.restart()
    assert bench.said == ["raised", "cleared"] * 4


class Named(Clock):
    """A clock that tells whose it is."""

    __slots__ = ("pipeline",)

    def __init__(self, pipeline: str, now: float) -> None:
        super().__init__(live=True, now=now)
        self.pipeline = pipeline


def test_pipelines_that_say_who_they_are_have_each_its_own_time() -> None:
    """One works through what it had recorded an hour ago; the other is not behind, and nobody is stale."""
    rules = {"hot": structs.replace(SLOW, inhibited_by=("down",)), "down": Rule(sensor="u", above=Quantity(1))}
    panel = Panel("plant1", rules, Sensors(BOTH), pipelines=["one", "two"], stale_after=30.0)
    one, two = Named("one", START - 3600.0), Named("two", START)
    said: list[Told] = []
    for _ in range(60):
        said += panel.consume([Reading("t", 86.0, one.now)], one) + panel.consume([Reading("u", 0.0, two.now)], two)
        for clock in (one, two):
            clock.now += 1.0
            said += panel.tick(clock.now, clock)
    assert [told.event.event for told in said] == ["raised"]
    said = panel.consume([Reading("u", 1.0, two.now)], two)
    assert [told.event.event for told in said] == ["raised", "inhibited"]


def test_sensors_of_a_pipeline_that_has_another_name_now_are_waited_for_in_another() -> None:
    """Also one that is dead: it does not look well for ever because nobody ticks for it."""
    panel = Panel("plant1", {}, Sensors(BOTH), pipelines=["old"], stale_after=30.0)
    panel.consume([Reading("t", 20.0, START), Reading("u", 20.0, START)], Named("old", START))
    renamed = Panel("plant1", {}, Sensors(BOTH), pipelines=["new"], stale_after=30.0)
    renamed.restore(msgspec.convert(msgspec.to_builtins(panel.save()), Memory))
    clock = Named("new", START + 1.0)
    for _ in range(35):
        renamed.consume([Reading("t", 20.0, clock.now)], clock)
        clock.now += 1.0
        renamed.tick(clock.now, clock)
    assert (renamed.tracks["t"].online, renamed.tracks["u"].online) == (True, False)


def test_two_live_pipelines_and_a_recording_share_the_panel() -> None:
    """Each has its own time; a recording of last year makes nothing stale."""
    bench = Bench({"hot": SLOW}, {**BOTH, "old": Sensor(stale_after=60.0)}, stale_after=60.0)
    recorded = type(bench.clock)(live=False)
    for second in range(100):
        recorded.now = START - 1e7 + second
        bench.panel.consume([Reading("old", 1.0, recorded.now)], recorded)
        bench.read(86.0)
        bench.read(20.0, "u")
        bench.wait(1.0)
    assert bench.said == ["raised"]
    assert bench.panel.tracks["old"].online
