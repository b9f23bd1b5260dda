"""A joint counts, times and catches what is its own stage's, and nothing else."""

from collections.abc import Iterator

import pytest
from tests.engine.failing import FailsAt, drops_above, passes, values
from tests.engine.kit import chain, readings, stage

from gaugeway import Reading
from gaugeway.engine.joint import HaltedError


def test_a_drop_is_counted_once_and_at_the_stage_that_dropped() -> None:
    """A reading that three stages handed on before the fourth dropped it is one drop, of the fourth."""
    stages = [
        stage(passes, "1"),
        stage(passes, "2"),
        stage(passes, "3"),
        stage(drops_above(2), "4"),
        stage(passes, "5"),
    ]
    run = chain(*stages)
    assert values(run, iter(readings(1, 5, 2, 9))) == [1, 2]
    assert [one.meter.dropped for one in stages] == [{}, {}, {}, {"above 2": 2}, {}]
    assert not run.intake.dropped
    assert not run.outlet.dropped


def test_reasons_are_counted_apart() -> None:
    """Each reason of each stage has its own count."""
    stages = [stage(drops_above(8), "coarse"), stage(drops_above(2), "fine")]
    assert values(chain(*stages), iter(readings(9, 3, 1, 4, 10))) == [1]
    assert [one.meter.dropped for one in stages] == [{"above 8": 2}, {"above 2": 2}]


def test_the_first_stage_is_counted_like_the_others() -> None:
    """What the first stage drops is seen at the inlet."""
    first = stage(drops_above(1))
    assert values(chain(first), iter(readings(1, 2, 3))) == [1]
    assert first.meter.dropped == {"above 1": 2}


def test_a_function_that_returns_nothing_drops_with_a_reason_of_its_own() -> None:
    """Nobody has to call drop()."""

    def nothing(reading: Reading) -> Reading | None:
        return None

    silent = stage(nothing)
    assert values(chain(silent), iter(readings(1, 2))) == []
    assert silent.meter.dropped == {"returned nothing": 2}


def test_a_stage_may_yield_more_than_it_is_handed() -> None:
    """Copies are readings like any other, and dropped one by one."""

    class Twice:
        def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
            for reading in stream:
                yield reading
                yield Reading(reading.sensor, reading.value * 10)

    last = stage(drops_above(10))
    assert values(chain(stage(Twice()), last), iter(readings(1, 2))) == [1, 10, 2]
    assert last.meter.dropped == {"above 10": 1}


def test_a_stage_may_hold_readings_back() -> None:
    """Pairs come out together, and the odd one at the end of the stream."""

    class Pairs:
        def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
            held: list[Reading] = []
            for reading in stream:
                held.append(reading)
                if len(held) == 2:
                    yield from reversed(held)
                    held = []
            yield from held

    assert values(chain(stage(Pairs()), stage(passes)), iter(readings(1, 2, 3, 4, 5))) == [2, 1, 4, 3, 5]


def test_skip_leaves_out_the_reading_and_keeps_the_state() -> None:
    """The rest goes on as if the bad reading had never come."""
    adds = FailsAt(2)
    failing = stage(adds, on_error="skip")
    after = stage(passes, "after")
    out = list(chain(stage(passes, "before"), failing, after).run(iter(readings(1, 2, 3, 2, 4))))
    assert [item.get("total") for item in out if isinstance(item, Reading)] == [1, 4, 8]
    assert (failing.meter.failed, failing.meter.dropped) == (2, {"error": 2})
    assert failing.meter.last_error == "ZeroDivisionError: on purpose"
    assert not after.meter.failed
    assert adds.calls == 3


def test_skip_does_not_touch_the_stages_around() -> None:
    """Only the failing stage is asked again to process; the others never notice."""

    class Counts:
        def __init__(self) -> None:
            self.calls = 0

        def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
            self.calls += 1
            yield from stream

    before, after = Counts(), Counts()
    run = chain(stage(before, "1"), stage(FailsAt(2), "2"), stage(after, "3"))
    assert values(run, iter(readings(1, 2, 3))) == [1, 3]
    assert (before.calls, after.calls) == (1, 1)


def test_halt_raises_what_the_supervisor_needs_to_say() -> None:
    """The stage is named, its error is in words, and the cause is attached."""
    failing = stage(FailsAt(2), "adder", on_error="halt")
    taken: list[float] = []
    with pytest.raises(HaltedError, match=r"stage 'adder' failed: ZeroDivisionError: on purpose") as halted:
        taken.extend(item.value for item in chain(failing).run(iter(readings(1, 2, 3))) if isinstance(item, Reading))
    assert isinstance(halted.value.__cause__, ZeroDivisionError)
    assert failing.meter.failed == 1


@pytest.mark.parametrize(
    ("failures", "out", "dropped"), [(1, [1, 3, 6], {}), (2, [1, 3, 6], {}), (3, [1, 4], {"error": 1})]
)
def test_retry_hands_the_reading_to_the_stage_three_times(
    failures: int, out: list[float], dropped: dict[str, int]
) -> None:
    """The second and third try can succeed; after that the reading is left out."""
    failing = stage(FailsAt(2, failures), on_error="retry")
    came = [item.get("total") for item in chain(failing).run(iter(readings(1, 2, 3))) if isinstance(item, Reading)]
    assert came == out
    assert failing.meter.dropped == dropped
    assert failing.meter.failed == failures


def test_retry_counts_each_reading_for_itself() -> None:
    """Two readings that fail once each are both taken."""
    failing = FailsAt(2, 1)
    run = chain(stage(failing, on_error="retry"))
    stream = run.run(iter([*readings(2), *readings(2)]))
    assert isinstance(next(stream), Reading)
    failing.times = 1
    assert isinstance(next(stream), Reading)
    assert next(stream, None) is None
