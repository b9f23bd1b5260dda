"""What a reading costs at each stage is found out by timing a few."""

from collections.abc import Callable, Generator, Sequence
from time import perf_counter_ns

import pytest
from tests.engine.failing import drops_above, passes, values
from tests.engine.kit import chain, readings, stage

from gaugeway import Reading
from gaugeway.engine.chain import Chain
from gaugeway.engine.joint import Item


def spends(microseconds: int) -> Callable[[Reading], Reading]:
    def work(reading: Reading) -> Reading:
        until = perf_counter_ns() + microseconds * 1000
        while perf_counter_ns() < until:
            pass
        return reading

    return work


def run_timed(run: Chain, bursts: Sequence[Sequence[Item]]) -> None:
    def timed() -> Generator[Sequence[Item]]:
        for burst in bursts:
            run.watch.between_bursts()
            yield burst

    for _ in run.compose(timed()):
        pass


@pytest.mark.parametrize("size", [1, 4])
def test_the_stopwatch_charges_the_stage_that_worked(size: int) -> None:
    """However small the bursts: the cost of the slow stage is at least what it spent, and nobody else's is."""
    stages = [stage(passes, "1"), stage(spends(2000), "2"), stage(passes, "3"), stage(passes, "4")]
    run_timed(chain(*stages), [readings(*range(size)) for _ in range(40)])
    costs = [one.meter.cost for one in stages]
    assert all(costs), "each stage was timed"
    cheap = [cost for cost in (costs[0], costs[2], costs[3]) if cost is not None]
    assert costs[1] is not None
    assert costs[1] >= 2_000_000
    assert max(cheap) < costs[1]


def test_the_stopwatch_charges_a_stage_only_for_what_reached_it() -> None:
    """Its cost is one reading's, however few the stages before it let through."""
    slow = stage(spends(1000), "slow")
    run_timed(chain(stage(drops_above(0), "drops"), slow), [readings(1, 1, 1, 0, 1, 1, 1, 1)] * 3)
    assert slow.meter.cost is not None
    assert slow.meter.cost >= 1_000_000
    assert slow.meter.timed == 1


def test_no_stopwatch_runs_for_most_bursts() -> None:
    """Timing is a sample: a chain that is not timed charges nobody."""
    only = stage(passes)
    assert values(chain(only), iter(readings(1, 2))) == [1, 2]
    assert only.meter.cost is None
