"""A chain is stages joined in order: selective, switchable, saved and restored, with nothing around it."""

from collections.abc import Callable, Iterator
from typing import cast

import pytest
from tests.engine.kit import chain, readings, sensors, stage

from gaugeway import PluginError, Reading, Sensor, Tick, each
from gaugeway.engine.chain import Chain, Stage, take_over
from gaugeway.engine.joint import Item
from gaugeway.plan import StageUse
from gaugeway.site import Site


class Sum:
    """Adds up values per sensor; lets ticks by."""

    ticks = "pass"

    def __init__(self, *, first: float = 0.0) -> None:
        self.totals: dict[str, float] = {}
        self.first = first

    def process(self, stream: Iterator[Item]) -> Iterator[Item]:
        for reading in stream:
            if isinstance(reading, Reading):
                total = self.totals.get(reading.sensor, self.first) + reading.value
                self.totals[reading.sensor] = total
                reading.put("sum", total)
            yield reading

    def save(self) -> dict[str, float]:
        return self.totals

    def restore(self, saved: dict[str, float]) -> None:
        self.totals = {name: float(total) for name, total in saved.items()}


class CountsTicks:
    """Writes on each reading how many ticks came before it."""

    ticks = "want"

    def process(self, stream: Iterator[Item]) -> Iterator[Item]:
        count = 0
        for item in stream:
            if isinstance(item, Reading):
                item.put("ticks", count)
            else:
                count += 1
            yield item


class Never:
    """A third party's generator that has not heard of ticks, and must not meet one."""

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        for reading in stream:
            reading.value += 1
            yield reading


def adds(number: float) -> Callable[[Reading], Reading]:
    def add(reading: Reading) -> Reading:
        reading.value = reading.value * 10 + number
        return reading

    return add


def results(run: Chain, stream: list[Item], name: str = "value") -> list[float | None]:
    return [item.get(name) for item in run.run(iter(stream)) if isinstance(item, Reading)]


def mixed(*names: str) -> list[Item]:
    return [Reading(name, float(number)) for number, name in enumerate(names)]


def test_stages_work_in_their_order() -> None:
    """The first is handed what the source gave, the last one gives what comes out."""
    run = chain(stage(adds(1), "1"), stage(adds(2), "2"), stage(Never(), "3"))
    assert results(run, [*readings(0, 3)]) == [13, 313]


def test_no_stages_are_a_chain_too() -> None:
    """What goes in comes out, as the same objects."""
    given = readings(1, 2)
    assert list(chain().run(iter(given))) == given


def test_it_runs_one_reading_at_a_time() -> None:
    """Nothing is read ahead: what comes out of an endless stream is there before the next is asked for."""

    def endless() -> Iterator[Item]:
        number = 0.0
        while True:
            asked.append(number)
            yield Reading("a", number)
            number += 1

    asked: list[float] = []
    stream = chain(stage(Sum())).run(endless())
    assert [next(stream).sensor for _ in range(3)] == ["a", "a", "a"]
    assert asked == [0, 1, 2]


def test_composing_does_no_work() -> None:
    """A chain is joined without a reading being touched."""
    chain(stage(Never())).compose(iter([[*readings(1)]]))


def test_select_applies_a_stage_to_some_and_keeps_the_order() -> None:
    """By name, by glob and by kind; the others go by in their place."""
    known = sensors("x", "y", p=Sensor(kind="pressure"))
    for select, touched in {("x",): "x", ("y*",): "y1 y2", ("pressure",): "p", ("x", "pressure"): "x p"}.items():
        stream = mixed("x", "y1", "p", "x", "y2", "y1", "p")
        run = chain(stage(Sum(), select=select), known=known)
        out = [item for item in run.run(iter(stream)) if isinstance(item, Reading)]
        assert out == stream
        assert {reading.sensor for reading in out if reading.get("sum") is not None} == set(touched.split())


def test_a_reading_that_goes_by_is_counted_where_it_is_dropped() -> None:
    """The selective stage does not count what the next one drops."""

    def refuse(reading: Reading) -> Reading | None:
        reading.drop("no")
        return None

    by, last = stage(Sum(), "by", select=("x",)), stage(refuse, "last")
    assert results(chain(by, last), mixed("x", "y", "x")) == []
    assert (by.meter.dropped, last.meter.dropped) == ({}, {"no": 3})


def test_a_selective_stage_fails_only_on_its_own() -> None:
    """Its error costs the reading it failed on, and none that goes by."""

    def fails(reading: Reading) -> Reading:
        raise ZeroDivisionError

    selective = stage(fails, select=("x",))
    assert results(chain(selective), mixed("y", "x", "y", "x", "z")) == [0, 2, 4]
    assert selective.meter.dropped == {"error": 2}


def test_a_flag_takes_a_stage_out_and_puts_it_back() -> None:
    """It is asked for whenever the chain is composed; state is kept meanwhile."""
    on = {"f": True}
    run = Chain([stage(Sum(), "sum", flag="f"), stage(adds(0), "always")], Site(), enabled=lambda flag: on[flag])
    assert results(run, [*readings(1)], "sum") == [1]
    on["f"] = False
    assert [one.use.id for one in run.active] == ["always"]
    assert results(run, [*readings(2)], "sum") == [None]
    on["f"] = True
    assert results(run, [*readings(3)], "sum") == [4]


def test_ticks_reach_the_stages_that_want_them_through_those_that_pass_them() -> None:
    """Plain functions and selective stages let them by; nobody's order changes."""
    run = chain(stage(Sum(), "1"), stage(adds(0), "2", select=("b",)), stage(CountsTicks(), "3"), stage(adds(0), "4"))
    stream: list[Item] = [*readings(1), Tick(), Tick(), *readings(2), Tick(), *readings(3)]
    out = list(run.run(iter(stream)))
    assert [isinstance(item, Tick) for item in out] == [isinstance(item, Tick) for item in stream]
    assert [item.get("ticks") for item in out if isinstance(item, Reading)] == [0, 2, 3]


@pytest.mark.parametrize(("stages", "wants"), [([], False), ([Sum(), Never()], False), ([Sum(), CountsTicks()], True)])
def test_a_chain_says_whether_ticks_are_wanted(stages: list[object], wants: bool) -> None:
    """The engine keeps them out of a chain in which nobody does."""
    run = chain(*(stage(plugin, str(number)) for number, plugin in enumerate(stages)))
    run.compose(iter([])).close()
    assert run.wants_ticks is wants


def test_state_goes_to_the_stage_of_the_same_name() -> None:
    """Whatever the order is now, and whatever else stands between."""
    before = chain(stage(Sum(), "one"), stage(Never(), "x"), stage(Sum(), "two", select=("a",)))
    results(before, mixed("a", "b", "a"))
    after = chain(stage(Sum(), "two"), stage(adds(0), "new"), stage(Sum(first=100.0), "one"))
    after.restore(before.save())
    two, one = after.stages[0].plugin, after.stages[2].plugin
    assert isinstance(one, Sum)
    assert isinstance(two, Sum)
    assert one.totals == {"a": 2.0, "b": 1.0}
    assert two.totals == {"a": 4.0}


def test_a_restart_makes_no_difference() -> None:
    """Cut at every place, saved and restored in between, the output is that of one run."""
    stream = [float(number) for number in range(20)]
    whole = results(chain(stage(Sum())), [*readings(*stream)], "sum")
    for cut in range(20):
        first, second = chain(stage(Sum())), chain(stage(Sum()))
        out = results(first, [*readings(*stream[:cut])], "sum")
        second.restore(first.save())
        assert out + results(second, [*readings(*stream[cut:])], "sum") == whole


def test_a_state_that_does_not_fit_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """A stage whose options have changed begins anew, the others go on."""

    class Strict(Sum):
        def restore(self, saved: dict[str, float]) -> None:
            raise AttributeError("another shape")

    before = chain(stage(Sum(), "one"), stage(Sum(), "two"), stage(Sum(), "three"))
    results(before, [*readings(5)])
    after = chain(stage(Strict(), "one"), stage(Sum(), "two"), stage(Never(), "three"))
    after.restore(before.save())
    assert results(after, [*readings(1)], "sum") == [6]
    assert [record.message for record in caplog.records] == ["saved state does not fit and is left out"]


@pytest.mark.parametrize("state", [object(), {1, 2}.pop, ValueError])
def test_a_state_that_cannot_be_saved_names_its_stage(state: object) -> None:
    """What is no plain data, and what fails, is the developer's to mend."""

    class Odd(Sum):
        def save(self) -> dict[str, float]:
            if state is ValueError:
                raise ValueError("on purpose")
            return {"x": cast("float", state)}

    with pytest.raises(PluginError, match=r"Odd.save\(\) "):
        chain(stage(Odd())).save()


def test_a_stage_without_state_is_left_out_of_what_is_saved() -> None:
    """Functions, and classes that save nothing."""
    assert chain(stage(Never(), "1"), stage(adds(1), "2")).save() == b"\x80"


def used(plugin: object, id: str, type: str = "sum", **options: object) -> Stage:
    return Stage(StageUse(type=type, id=id, options=options), plugin)


def test_an_unchanged_stage_goes_on_as_the_same_object() -> None:
    """With its counters and its state; where it stands and what selects it may change."""
    old = [used(Sum(), "one"), used(Sum(), "two")]
    new = [used(Sum(), "two"), Stage(StageUse(type="sum", id="one", select=("x",), on_error="halt"), Sum())]
    taken = take_over(old, new)
    assert [one.plugin for one in taken] == [old[1].plugin, old[0].plugin]
    assert taken[1].use == new[1].use


def test_a_changed_stage_of_the_same_type_gets_the_state() -> None:
    """Its options are new, its past is not."""
    old = used(Sum(), "one")
    results(Chain([old], Site()), [*readings(5)])
    [changed, other, new] = take_over(
        [old], [used(Sum(first=1.0), "one", first=1.0), used(Sum(), "b"), used(Never(), "c")]
    )
    assert changed.plugin is not old.plugin
    assert results(Chain([changed, other, new], Site()), [*readings(1)], "sum") == [1.0]
    assert isinstance(changed.plugin, Sum)
    assert changed.plugin.totals == {"a": 6.0}


def test_another_type_under_the_same_name_begins_anew() -> None:
    """The state of a sum is nothing to an average."""
    old = used(Sum(), "one")
    results(Chain([old], Site()), [*readings(5)])
    [other] = take_over([old], [used(Sum(), "one", type="other")])
    assert isinstance(other.plugin, Sum)
    assert other.plugin.totals == {}


def test_a_stage_that_cannot_hand_its_state_on_stops_no_exchange(caplog: pytest.LogCaptureFixture) -> None:
    """Its state is lost, and that is said."""

    class Clings(Sum):
        def save(self) -> dict[str, float]:
            raise RuntimeError("no")

    [new] = take_over([used(Clings(), "one")], [used(Sum(), "one", first=1.0)])
    assert isinstance(new.plugin, Sum)
    assert [record.message for record in caplog.records] == ["state is lost"]


def test_a_function_is_adapted_for_good() -> None:
    """`each` makes a stage of it that composes, drops and lets ticks by."""

    def positive(reading: Reading) -> Reading | None:
        if reading.value > 0:
            return reading
        reading.drop("negative")
        return None

    adapted = stage(each(positive))
    stream: list[Item] = [*readings(1, -1), Tick(), *readings(2)]
    out = list(chain(adapted, stage(CountsTicks(), "2")).run(iter(stream)))
    assert [item.value if isinstance(item, Reading) else "tick" for item in out] == [1, "tick", 2]
    assert adapted.meter.dropped == {"negative": 1}
