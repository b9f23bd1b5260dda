"""Whose fault it is: the stage's, or that of somebody before it."""

from collections.abc import Generator, Iterator

import pytest
from tests.engine.failing import STRATEGIES, passes, values
from tests.engine.kit import chain, readings, stage

from gaugeway import ConfigError, DeviceError, Reading, Tick
from gaugeway.engine.joint import HaltedError, Item
from gaugeway.plan import OnError


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
