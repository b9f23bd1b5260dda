"""What a fault costs a pipeline: what a stage or sink fails on, and nothing else."""

from collections.abc import Iterator

import pytest
from tests.engine.kit import (
    END,
    Feed,
    Shelf,
    outlet,
    pipeline,
    readings,
    stage,
)
from tests.engine.pieces import Repeats, Sums, adds

from gaugeway import ConfigError, Reading, Tick
from gaugeway.engine.burst import Burst
from gaugeway.engine.joint import HaltedError
from gaugeway.engine.recorder import Unrecorded
from gaugeway.engine.turn import all_paused


@pytest.mark.parametrize("where", ["source", "stage", "sink"])
def test_a_failure_closes_the_source_and_gives_the_turn_back(where: str) -> None:
    """The pipeline can be run again, and whoever wants it paused does not wait for ever."""
    shelf = Shelf(*([ValueError("bug")] if where == "sink" else []))
    fails = [where == "stage"]

    def maybe(reading: Reading) -> Reading:
        if fails.pop() if fails else False:
            raise ValueError("bug")
        return reading

    source = Feed(*readings(1), *([ValueError("bug")] if where == "source" else []), Tick(), *readings(2), END)
    run = pipeline(source, stage(maybe, on_error="halt"), sinks=[outlet(shelf, on_error="halt")])
    with pytest.raises(HaltedError) as held:  # with all the frames in its traceback, as a supervisor holds it
        run.run()
    assert held.value.__traceback__ is not None
    assert (source.opened, source.closed) == (1, 1)
    with all_paused([run.turn]):
        pass
    run.run()
    assert shelf.values == ([2] if where == "stage" else [1, 2])
    assert (source.opened, source.closed) == (2, 2)


def test_a_burst_is_not_over_while_its_rest_waits_for_its_turn() -> None:
    """The stages know of its first half already: what is saved now would bring that once more after a crash."""
    midway: list[bool] = []

    class Notes(Unrecorded):
        def keep(self, burst: Burst) -> bool:
            if [reading.value for reading in burst.readings] == [3]:
                midway.append(run.midway)  # a checkpoint may hold the turn for which it waits next
            return super().keep(burst)

    def fragile(reading: Reading) -> Reading | None:
        if reading.value == 2:
            raise ValueError("bug")
        return None

    run = pipeline(Feed(*readings(1, 2, 3), Tick(), END), stage(Sums(), "sum"), stage(fragile, on_error="halt"))
    run.recorder = Notes(run.intake)
    with pytest.raises(HaltedError):
        run.run()
    assert run.midway
    run.run()
    assert midway == [True]
    assert not run.midway


@pytest.mark.parametrize("wanted", [False, True])
def test_a_stage_that_halts_costs_one_reading(wanted: bool) -> None:
    """The rest of what came with it is worked through after the restart, in order, with the state of before."""

    class Patient(Sums):
        ticks = "want" if wanted else "pass"

    def fragile(reading: Reading) -> Reading:
        if reading.value % 100 == 50:
            raise ValueError("bug")
        return reading

    shelf = Shelf()
    run = pipeline(
        Feed(*readings(*range(300)), Tick(), *readings(300), END),
        stage(Patient(), "sum"), stage(fragile, on_error="halt"), sinks=[outlet(shelf)],
    )  # fmt: skip
    for _ in range(3):
        with pytest.raises(HaltedError):
            run.run()
    run.run()
    assert shelf.values == [number for number in range(301) if number % 100 != 50]
    sums = [one.get("sum") for batch in shelf.batches for one in batch]
    assert sums == [number * (number + 1) / 2 for number in range(301) if number % 100 != 50]


def test_a_sink_that_halts_in_the_middle_of_a_burst_loses_nothing() -> None:
    """However many batches a stage makes of one burst."""
    shelf = Shelf()
    shelf.broken = ValueError("bug")
    run = pipeline(Feed(*readings(*range(200)), Tick(), END), stage(Repeats(5)), sinks=[outlet(shelf, on_error="halt")])
    with pytest.raises(HaltedError):
        run.run()
    shelf.broken = None
    run.run()
    run.outlets[0].close()
    assert len(shelf.values) == 1000
    assert shelf.values == sorted(shelf.values)


def test_a_sink_that_halts_costs_the_other_sinks_nothing() -> None:
    """The batch it halted on has reached those after it, and itself after the restart."""
    bad, good = Shelf(ValueError("bug")), Shelf()
    run = pipeline(
        Feed(*readings(1, 2), Tick(), *readings(3), END), sinks=[outlet(bad, "bad", on_error="halt"), outlet(good)]
    )
    with pytest.raises(HaltedError, match="sink 'bad' failed"):
        run.run()
    run.run()
    assert bad.values == good.values == [1, 2, 3]


def test_what_the_operator_has_to_mend_passes_all_stages() -> None:
    """A ConfigError of a source comes out as one, whatever stages do with errors."""
    run = pipeline(Feed(ConfigError("no permission")), stage(adds(1), on_error="skip"))
    with pytest.raises(ConfigError, match="no permission"):
        run.run()


def test_garbage_from_the_last_stage_reaches_no_sink() -> None:
    """The stage is named, and what came before the garbage is handed over after the restart."""
    broken = [True]

    class Garbles:
        def process(self, stream: Iterator[Reading]) -> Iterator[Reading | None]:
            for reading in stream:
                yield reading
                if reading.value == 2 and broken:
                    broken.clear()
                    yield None

    source, shelf = Feed(*readings(1, 2), Tick(), *readings(3), END), Shelf()
    run = pipeline(source, stage(Garbles()), sinks=[outlet(shelf)])
    with pytest.raises(HaltedError, match="stage 's' yields a NoneType"):
        run.run()
    run.run()
    assert shelf.values == [1, 2, 3]
