"""Stages are exchanged and switched while a pipeline runs, between two bursts."""

import threading
from functools import partial

import pytest
from tests.engine.kit import Acknowledged, Feed, Shelf, outlet, pipeline, readings, running, stage
from tests.engine.pieces import Sums, adds, took
from tests.support.waiting import until

from gaugeway import Tick
from gaugeway.engine.flags import Flags
from gaugeway.engine.turn import all_paused


def test_an_exchange_while_running_loses_and_doubles_nothing() -> None:
    """A hundred exchanges under load: every reading arrives once, in order, and the sum is that of one run."""
    shelf, source = Shelf(), Feed()
    run = pipeline(source, stage(Sums(), "sum"), sinks=[outlet(shelf)])
    with running(run):
        for number in range(100):
            source.say(*readings(*range(number * 50, number * 50 + 50)))
            with all_paused([run.turn]):
                run.exchange([stage(Sums(), "sum"), stage(adds(0), f"extra {number}")], run.outlets)
        until(lambda: len(shelf.values) == 5000)
    assert shelf.values == list(range(5000))
    assert [one.get("sum") for batch in shelf.batches for one in batch] == [n * (n + 1) / 2 for n in range(5000)]


def test_an_exchange_goes_into_force_between_two_bursts() -> None:
    """Before it the old stages, after it the new ones, and another sink where that was exchanged too."""
    source, before, after = Feed(), Shelf(), Shelf()
    run = pipeline(source, stage(adds(100)), sinks=[outlet(before, "1")])
    with running(run):
        source.say(*readings(1))
        until(lambda: before.values == [101])
        with all_paused([run.turn]):
            run.exchange([stage(adds(200), "other")], [outlet(after, "2")])
        source.say(*readings(2))
        until(lambda: after.values == [202])
    assert before.values == [101]


def test_a_full_sink_holds_nobody_back_once_another_has_taken_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender that waits for it is read again: that sink will never take anything any more."""
    source, full, mended = Acknowledged(), Shelf(), Shelf()
    full.broken = OSError(28, "No space left on device")
    out, held_back = outlet(full), threading.Event()
    source.say(*(item for number in range(100) for item in (*readings(number), Tick())))
    run = pipeline(source, sinks=[out])
    let_time_pass = run.let_time_pass

    def waiting() -> None:
        held_back.set()
        let_time_pass()

    monkeypatch.setattr(run, "let_time_pass", waiting)
    with running(run):
        until(held_back.is_set)
        with all_paused([run.turn]):
            run.exchange([], [outlet(mended, "mended")])
        out.close()
        until(lambda: 99 in mended.values)


def test_a_flag_switches_a_stage_while_the_pipeline_runs() -> None:
    """Off and on again; the stage's state is what it was."""
    flags = Flags({"sum": True})
    source, shelf = Feed(), Shelf()
    run = pipeline(source, stage(Sums(), "sum", flag="sum"), sinks=[outlet(shelf)])
    run.chain.enabled = flags.enabled
    flags.listen(run.recompose)
    with running(run):
        for value, on in ((1, True), (2, False), (3, True)):
            flags.turn("sum", on)
            source.say(*readings(value))
            until(partial(took, shelf, value))
    assert [one.get("sum") for batch in shelf.batches for one in batch] == [1, None, 4]
    with pytest.raises(KeyError):
        flags.turn("unknown", True)
