"""A joint counts, times and catches what is its own stage's, and nothing else."""

from collections.abc import Callable, Generator, Iterator, Sequence
from time import perf_counter_ns

import pytest
from tests.engine.kit import chain, readings, stage

from gaugeway import ConfigError, DeviceError, Reading, Tick
from gaugeway.engine.chain import Chain
from gaugeway.engine.joint import HaltedError, Item
from gaugeway.plan import OnError

STRATEGIES: tuple[OnError, ...] = ("skip", "halt", "retry")


class FailsAt:
    """Adds up what came before; fails a number of times at one value."""

    def __init__(self, value: float, times: int = 99) -> None:
        self.value = value
        self.times = times
        self.total = 0.0
        self.calls = 0

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        self.calls += 1
        for reading in stream:
            if reading.value == self.value and self.times:
                self.times -= 1
                raise ZeroDivisionError("on purpose")
            self.total += reading.value
            reading.put("total", self.total)
            yield reading


def drops_above(limit: float) -> Callable[[Reading], Reading | None]:
    def check(reading: Reading) -> Reading | None:
        if reading.value <= limit:
            return reading
        reading.drop(f"above {limit:g}")
        return None

    return check


def passes(reading: Reading) -> Reading:
    return reading


def values(of: Chain, stream: Iterator[Item]) -> list[float]:
    return [item.value for item in of.run(stream) if isinstance(item, Reading)]


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


@pytest.mark.parametrize("on_error", STRATEGIES)
@pytest.mark.parametrize("error", [DeviceError("unplugged"), OSError(5, "i/o"), ConfigError("no"), ValueError("bug")])
def test_an_error_from_before_the_chain_is_not_blamed_on_a_stage(error: Exception, on_error: OnError) -> None:
    """It comes out at the far end as the very object that went in, and no stage counts it."""
    stages = [stage(passes, str(number), on_error=on_error) for number in range(3)]

    def source() -> Generator[Item]:
        yield from readings(1)
        raise error

    stream = chain(*stages).run(source())
    assert isinstance(next(stream), Reading)
    with pytest.raises(type(error)) as raised:
        next(stream)
    assert raised.value is error
    assert [one.meter.failed for one in stages] == [0, 0, 0]


@pytest.mark.parametrize("on_error", STRATEGIES)
def test_an_error_from_before_that_a_stage_puts_into_its_own_words_still_passes(on_error: OnError) -> None:
    """A stage that turns every error into one of its own cannot end the pipeline quietly."""

    class Rephrases:
        def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
            try:
                yield from stream
            except OSError as error:
                raise RuntimeError("something is wrong") from error

    rephrasing = stage(Rephrases(), on_error=on_error)

    def source() -> Generator[Item]:
        yield from readings(1)
        raise OSError(5, "i/o")

    with pytest.raises(RuntimeError, match="something is wrong"):
        list(chain(rephrasing, stage(passes)).run(source()))
    assert not rephrasing.meter.failed


def test_an_error_that_a_stage_makes_of_an_error_of_its_own_is_its_own() -> None:
    """A cause that arose inside the stage does not excuse it."""

    def parse(reading: Reading) -> Reading:
        try:
            float("x")
        except ValueError as error:
            raise RuntimeError("cannot parse") from error
        return reading

    failing = stage(parse)
    assert values(chain(failing), iter(readings(1, 2))) == []
    assert failing.meter.dropped == {"error": 2}


@pytest.mark.parametrize("on_error", STRATEGIES)
def test_a_stage_that_fails_before_it_takes_a_reading_halts(on_error: OnError) -> None:
    """To go on after that would be to fail for ever, as fast as the machine can."""

    class FailsAtOnce:
        def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
            raise KeyError("missing")

    with pytest.raises(HaltedError, match=r"stage 's' .*fail.*KeyError: 'missing'"):
        list(chain(stage(FailsAtOnce(), on_error=on_error)).run(iter(readings(1, 2))))


@pytest.mark.parametrize("on_error", ["skip", "retry"])
def test_a_stage_that_fails_before_its_next_reading_halts(on_error: OnError) -> None:
    """It failed on a reading, and then whenever it is only asked to begin."""

    class NeverAgain:
        broken = False

        def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
            if self.broken:
                raise RuntimeError("still broken")
            for _reading in stream:
                self.broken = True
                raise RuntimeError("broken")
            yield from ()

    with pytest.raises(HaltedError, match="before it takes a reading: RuntimeError: still broken"):
        list(chain(stage(NeverAgain(), on_error=on_error)).run(iter(readings(1, 2, 3))))


@pytest.mark.parametrize("on_error", ["skip", "retry"])
def test_a_stage_that_fails_at_the_end_of_the_stream_fails_once(on_error: OnError) -> None:
    """There is nothing to go on with; what it had yielded is kept."""

    class FailsToFlush:
        def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
            yield from stream
            raise RuntimeError("nothing to flush")

    failing = stage(FailsToFlush(), on_error=on_error)
    assert values(chain(failing), iter(readings(1, 2))) == [1, 2]
    assert (failing.meter.failed, failing.meter.dropped) == (1, {})


def test_a_stage_that_ends_too_early_halts() -> None:
    """A pipeline that stops while its source runs on would look like a source that has ended."""

    class TakesOne:
        def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
            yield next(stream)

    with pytest.raises(HaltedError, match="stage 's' ended before its stream did"):
        list(chain(stage(TakesOne())).run(iter(readings(1, 2))))


@pytest.mark.parametrize("garbage", [None, 3, "21.5", (1, 2)])
def test_a_stage_that_yields_something_else_is_named(garbage: object) -> None:
    """The stage that yields it is told of, not the one that is handed it."""

    class Yields:
        def process(self, stream: Iterator[Reading]) -> Iterator[object]:
            for _reading in stream:
                yield garbage

    kind = type(garbage).__name__
    with pytest.raises(HaltedError, match=f"stage 'culprit' yields a {kind} where a reading belongs"):
        list(chain(stage(Yields(), "culprit")).run(iter(readings(1))))
    with pytest.raises(HaltedError, match=f"stage 'victim' was handed a {kind} by the stage before it"):
        list(chain(stage(Yields(), "culprit"), stage(passes, "victim")).run(iter(readings(1))))


def test_a_stage_that_fails_on_a_tick_loses_no_reading() -> None:
    """A tick is nothing that could be left out of the data."""

    class HatesTicks:
        ticks = "want"

        def process(self, stream: Iterator[Item]) -> Iterator[Item]:
            for item in stream:
                if isinstance(item, Tick):
                    raise TypeError("a tick")
                yield item

    failing = stage(HatesTicks())
    assert values(chain(failing), iter([*readings(1), Tick(), *readings(2)])) == [1, 2]
    assert (failing.meter.failed, failing.meter.dropped) == (1, {})


def test_sys_exit_in_a_stage_is_an_error_like_any_other() -> None:
    """No plugin ends the process."""

    def leaves(reading: Reading) -> Reading:
        raise SystemExit(3)

    failing = stage(leaves)
    assert values(chain(failing), iter(readings(1))) == []
    assert failing.meter.last_error == "SystemExit: 3"


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
    assert max(cheap) < 1_000_000


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
