"""The alarms against the model, in every state and with every input that hypothesis can think of.

`GAUGEWAY_ALARM_STEPS=1000000` makes it a million steps.
"""

import math
import os
import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.sinks.alarms.kit import START, Bench
from tests.sinks.alarms.written_model import STALE_AFTER, Chosen, Model

from gaugeway import Quantity, Rule, Sensor

STEPS = int(os.environ.get("GAUGEWAY_ALARM_STEPS", "6000"))
IN_ONE_RUN = 60
AVERAGE = 2
"""How many inputs one rule makes, about."""

UNNOTICED = 9
PAUSE = st.integers(0, 3)
CHOICES = st.builds(
    Chosen,
    raising=st.sampled_from([0, 0, 1, 3, 8]),
    clearing=st.sampled_from([0, 0, 1, 3, 8]),
    latch=st.booleans(),
    remind=st.sampled_from([None, 2, 7]),
    on_gap=st.sampled_from(["hold", "raise", "clear"]),
)


class AgainstTheModel(RuleBasedStateMachine):
    """Does the same with the panel and with the model, and compares what they say and where they stand."""

    @initialize(chosen=CHOICES)
    def begin(self, chosen: Chosen) -> None:
        hot = Rule(
            sensor="t",
            above=Quantity(10),
            clear_below=Quantity(8),
            for_=chosen.raising,
            clear_for=chosen.clearing,
            latch=chosen.latch,
            remind=chosen.remind,
            on_gap=chosen.on_gap,
            inhibited_by=("down",),
        )
        rules = {"hot": hot, "down": Rule(sensor="link", above=Quantity(1))}
        self.model = Model(chosen)
        self.bench = Bench(rules, {"t": Sensor(), "link": Sensor()}, stale_after=STALE_AFTER)
        self.now = self.noticed = 0

    @rule(seconds=st.integers(1, 9), ticks=st.booleans())
    def time_passes(self, seconds: int, ticks: bool) -> None:
        """Time passes, with ticks or unnoticed, but never unnoticed for so long that it would be downtime."""
        for _ in range(seconds):
            self.now = min(self.now + 1, self.noticed + UNNOTICED)
            if ticks:
                self._tick()

    @rule(values=st.lists(st.sampled_from([7.0, 7.9, 8.0, 9.9, 10.0, 12.0]), min_size=1, max_size=8), pause=PAUSE)
    def readings(self, values: list[float], pause: int) -> None:
        for value in values:
            self._read(value, pause)

    @rule(count=st.integers(1, 6), pause=PAUSE)
    def crossing_for_a_while(self, count: int, pause: int) -> None:
        for _ in range(count):
            self._read(12.0, pause)

    @rule(count=st.integers(1, 6), pause=PAUSE)
    def well_for_a_while(self, count: int, pause: int) -> None:
        for _ in range(count):
            self._read(7.0, pause)

    @rule(value=st.sampled_from([7.0, 12.0, math.nan, math.inf]), bad=st.booleans())
    def useless(self, value: float, bad: bool) -> None:
        self._come_to_the_moment()
        self.bench.read(value, quality="bad" if bad or math.isfinite(value) else "good")
        self.model.settle()

    @rule(value=st.sampled_from([0.0, 1.0]))
    def the_inhibitor_speaks(self, value: float) -> None:
        self._come_to_the_moment()
        self.bench.read(value, "link")
        self.model.link(value)
        self.model.settle()

    @rule(back=st.sampled_from([0, 0, 0, 1, -1]))
    def acknowledge(self, back: int) -> None:
        self._tick()
        occurrence = self.model.occurrence - back
        assert self.bench.command("ack", occurrence=occurrence).ok == (back == 0)
        self.model.ack(occurrence)
        self.model.settle()

    @rule(what=st.sampled_from(["shelve", "unshelve", "out_of_service", "in_service"]), seconds=st.integers(1, 9))
    def silence(self, what: str, seconds: int) -> None:
        self._tick()
        if what == "shelve":
            assert self.bench.command("shelve", time=seconds).ok
            self.model.shelve(seconds)
        else:
            assert self.bench.command(what).ok
            model = self.model
            {"unshelve": model.unshelve, "out_of_service": model.take_out, "in_service": model.put_back}[what]()
        self.model.settle()

    @rule()
    def restart(self) -> None:
        """The gateway goes down and comes back; nothing is said of it and nothing is different."""
        self.bench.restart()

    @invariant()
    def both_say_the_same(self) -> None:
        said = [event for event in self.bench.events if event.rule == "hot"]
        shown = [(e.event, e.occurrence, e.condition, e.acked, e.suppressed, e.unknown) for e in said]
        assert shown == self.model.events

    @invariant()
    def both_stand_the_same(self) -> None:
        hot, model = self.bench.snapshot("hot"), self.model
        assert (hot.condition, hot.occurrence, hot.acked) == (model.state, model.occurrence, model.acked)
        assert (hot.suppressed, hot.unknown) == (model.suppressed, model.silent["t"])
        assert hot.active == (hot.condition in ("active", "clearing"))

    @invariant()
    def no_identity_comes_twice(self) -> None:
        identities = [event.id for event in self.bench.events]
        assert len(set(identities)) == len(identities)
        raised = [event.occurrence for event in self.bench.events if event.event == "raised" and event.rule == "hot"]
        assert len(set(raised)) == len(raised)
        assert [event.seq for event in self.bench.events] == list(range(1, len(identities) + 1))

    def _read(self, value: float, pause: int) -> None:
        self._come_to_the_moment()
        self.bench.read(value)
        self.model.sample(value)
        self.model.settle()
        self.now += pause

    def _tick(self) -> None:
        self._come_to_the_moment()
        self.bench.tick()
        self.model.settle()

    def _come_to_the_moment(self) -> None:
        self.noticed = self.now
        self.bench.now = START + self.now
        self.model.to(self.now)


TestAgainstTheModel = AgainstTheModel.TestCase
TestAgainstTheModel.settings = settings(
    max_examples=max(1, STEPS // (IN_ONE_RUN * AVERAGE)),
    stateful_step_count=IN_ONE_RUN,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.parametrize("seed", range(4))
def test_a_long_walk(seed: int) -> None:
    """The same inputs in any order with even chances, which goes deeper than hypothesis, who looks for small cases."""
    chance = random.Random(seed)
    for _ in range(max(1, STEPS // 4 // IN_ONE_RUN)):
        walker = AgainstTheModel()
        walker.begin(
            Chosen(
                raising=chance.choice([0, 0, 1, 3, 8]),
                clearing=chance.choice([0, 0, 1, 3, 8]),
                latch=chance.random() < 0.5,
                remind=chance.choice([None, 2, 7]),
                on_gap=chance.choice(["hold", "raise", "clear"]),
            )
        )
        for _ in range(IN_ONE_RUN):
            step(walker, chance)
            walker.both_say_the_same()
            walker.both_stand_the_same()
            walker.no_identity_comes_twice()


def step(walker: AgainstTheModel, chance: random.Random) -> None:
    """Make one input."""
    pause = chance.choice([0, 1, 1, 2, 3])
    match chance.choice(
        ["well", "well", "crossing", "crossing", "band", "time", "useless", "link", "person", "restart"]
    ):
        case "well":
            walker.well_for_a_while(chance.randint(1, 3), pause)
        case "crossing":
            walker.crossing_for_a_while(chance.randint(1, 3), pause)
        case "band":
            walker.readings([8.0, 9.9], pause)
        case "time":
            walker.time_passes(chance.randint(1, 9), chance.random() < 0.5)
        case "useless":
            walker.useless(chance.choice([7.0, 12.0, math.nan]), True)
        case "link":
            walker.the_inhibitor_speaks(chance.choice([0.0, 1.0]))
        case "restart":
            walker.restart()
        case _ if chance.random() < 0.4:
            walker.acknowledge(chance.choice([0, 0, 1, -1]))
        case _:
            walker.silence(chance.choice(["shelve", "unshelve", "out_of_service", "in_service"]), chance.randint(1, 9))
