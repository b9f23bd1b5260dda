"""A gateway goes over to another plan: what has not changed runs on, and a wrong plan changes nothing."""

from functools import partial
from pathlib import Path

import pytest
from tests.engine.kit import END, Feed, Shelf, Shelved, plan, readings
from tests.service.works import REGISTRY, line, results, sink, stages, started, took
from tests.support.waiting import until

from gaugeway import ConfigError
from gaugeway.plan import Plan, SinkUse, StageUse
from gaugeway.service.supervisor import Supervisor

# Reloading: each test goes from one plan to another while the gateway runs.


def test_stages_are_exchanged_while_it_runs(tmp_path: Path) -> None:
    """Reordered, added and removed: those that stay keep their object and their state, the source is not touched."""
    feed, shelf = Feed(), Shelf()

    def with_stages(*names: str, **options: object) -> Plan:
        return plan(tmp_path, line(feed, *stages(*names, **options)), sinks=[sink(shelf)])

    with started(with_stages("sum", "doubled")) as gateway:
        steps: list[tuple[tuple[str, ...], float]] = [
            (("sum", "doubled"), 1),
            (("doubled", "sum"), 3),
            (("sum",), 4),
            (("doubled", "sum"), 6),
        ]
        for count, (names, total) in enumerate(steps, start=1):
            gateway.reload(with_stages(*names), REGISTRY)
            feed.say(*readings(1))
            until(partial(took, shelf, count))
            assert results(shelf)[-1] == total
        gateway.reload(with_stages("sum", scale=10.0), REGISTRY)
        feed.say(*readings(1))
        until(lambda: len(shelf.values) == 5)
        assert results(shelf)[-1] == 16, "other options, the same past"
    assert (feed.opened, shelf.closed) == (1, 1)


def test_a_reload_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Readings go on all the time; the sum is that of one run."""
    feed, shelf = Feed(), Shelf()
    with started(plan(tmp_path, line(feed, *stages("sum")), sinks=[sink(shelf)])) as gateway:
        for number in range(20):
            feed.say(*readings(*range(number * 500, number * 500 + 500)))
            label = "odd" if number % 2 else "even"
            stage = stages("sum") if number % 3 else stages("same", "sum")
            gateway.reload(plan(tmp_path, line(feed, *stage), sinks=[sink(shelf, label=label)]), REGISTRY)
        until(lambda: len(shelf.values) == 10_000)
    assert shelf.values == list(range(10_000))
    assert results(shelf) == [number * (number + 1) / 2 for number in range(10_000)]


@pytest.mark.parametrize("behind", [False, True])
def test_a_changed_source_is_closed_and_opened_anew(tmp_path: Path, behind: bool) -> None:
    """Its stages keep their state, whether or not a sink is behind at that moment; nothing is read twice."""
    old, new, shelf, stuck = Feed(), Feed(), Shelf(), Shelf()
    if behind:
        stuck.broken = OSError(28, "No space left on device")
    sinks = [sink(shelf), sink(stuck, "stuck")]
    with started(plan(tmp_path, line(old, *stages("sum")), sinks=sinks)) as gateway:
        old.say(*readings(1, 2))
        until(lambda: len(shelf.values) == 2)
        gateway.reload(plan(tmp_path, line(new, *stages("sum")), sinks=sinks), REGISTRY)
        assert (old.closed, old.opened) == (1, 1)
        new.say(*readings(10))
        until(lambda: len(shelf.values) == 3)
        stuck.broken = None
    assert shelf.values == stuck.values == [1, 2, 10]
    assert results(shelf) == [1, 3, 13]


def test_pipelines_come_and_go(tmp_path: Path) -> None:
    """Those that stay do not notice."""
    stays, goes, comes, shelf = Feed(), Feed(), Feed(*readings(7)), Shelf()
    with started(plan(tmp_path, line(stays), line(goes, id="goes"), sinks=[sink(shelf)])) as gateway:
        until(lambda: goes.opened == 1)
        gateway.reload(plan(tmp_path, line(comes, id="comes"), line(stays), sinks=[sink(shelf)]), REGISTRY)
        assert goes.closed == 1
        until(lambda: shelf.values == [7])
        stays.say(*readings(8))
        until(lambda: shelf.values == [7, 8])
        assert [pipeline.name for pipeline in gateway.pipelines] == ["comes", "src"]
    assert (stays.opened, comes.closed) == (1, 1)


def test_a_file_that_was_read_is_not_read_again(tmp_path: Path) -> None:
    """A reload is no reason to double what is in the output."""
    file, live, shelf = Feed(*readings(1, 2), END), Feed(), Shelf()
    with started(plan(tmp_path, line(file, id="file"), line(live), sinks=[sink(shelf)])) as gateway:
        until(lambda: shelf.values == [1, 2] and file.closed == 1)
        until(lambda: gateway.pipelines[0].status.state == "ended")
        file.say(*readings(1, 2), END)
        lines = (line(file, *stages("doubled"), id="file"), line(live, *stages("sum")))
        gateway.reload(plan(tmp_path, *lines, sinks=[sink(shelf)]), REGISTRY)
        live.say(*readings(3))
        until(lambda: shelf.values == [1, 2, 3])
    assert file.opened == 1


def test_a_pipeline_that_gave_up_is_tried_again(tmp_path: Path) -> None:
    """To reload is what an operator does who has mended it."""
    feed, shelf = Feed(ConfigError("no permission")), Shelf()
    with started(plan(tmp_path, line(feed), sinks=[sink(shelf)])) as gateway:
        until(lambda: gateway.failed)
        feed.say(*readings(1))
        gateway.reload(plan(tmp_path, line(feed), sinks=[sink(shelf)]), REGISTRY)
        until(lambda: shelf.values == [1])
        assert not gateway.failed


def test_a_sink_that_has_not_changed_stays(tmp_path: Path) -> None:
    """It is not closed; what waits in it is not lost, and what is around it may change."""
    feed, shelf = Feed(), Shelf()
    with started(plan(tmp_path, line(feed), sinks=[sink(shelf)])) as gateway:
        before = gateway.outlets[0]
        feed.say(*readings(1, sensor="a"))
        until(lambda: shelf.values == [1])
        gateway.reload(plan(tmp_path, line(feed), sinks=[sink(shelf, select=("b",))]), REGISTRY)
        assert gateway.outlets[0] is before
        feed.say(*readings(2, sensor="a"), *readings(3, sensor="b"))
        until(lambda: shelf.values == [1, 3])
        assert shelf.closed == 0


def test_a_changed_sink_goes_on_with_the_state_of_the_old_one(tmp_path: Path) -> None:
    """The old one is closed, and has taken all that was before."""
    feed, old, new = Feed(), Shelf(), Shelf()
    with started(plan(tmp_path, line(feed), sinks=[sink(old)])) as gateway:
        feed.say(*readings(1, 2))
        until(lambda: old.values == [1, 2])
        gateway.reload(plan(tmp_path, line(feed), sinks=[sink(new)]), REGISTRY)
        assert (old.closed, new.closed) == (1, 0)
        feed.say(*readings(3))
        until(lambda: new.values == [3])
        after = gateway.outlets[0].sink
        assert isinstance(after, Shelved)
        until(lambda: after.count == 3)
    assert old.values == [1, 2]


def test_what_waits_in_a_sink_that_is_exchanged_is_tried_once_more(tmp_path: Path) -> None:
    """Before it is closed."""
    feed, old, new = Feed(), Shelf(OSError(28, "No space left on device")), Shelf()
    with started(plan(tmp_path, line(feed), sinks=[sink(old)])) as gateway:
        feed.say(*readings(1))
        until(lambda: gateway.outlets[0].behind)
        gateway.reload(plan(tmp_path, line(feed), sinks=[sink(new)]), REGISTRY)
        assert old.values == [1]
        assert old.closed == 1


def test_sinks_come_and_go(tmp_path: Path) -> None:
    """One that is gone is closed and handed nothing any more."""
    feed, goes, comes = Feed(), Shelf(), Shelf()
    with started(plan(tmp_path, line(feed), sinks=[sink(goes, "goes")])) as gateway:
        feed.say(*readings(1))
        until(lambda: goes.values == [1])
        gateway.reload(plan(tmp_path, line(feed), sinks=[sink(comes, "comes")]), REGISTRY)
        feed.say(*readings(2))
        until(lambda: comes.values == [2])
    assert (goes.values, goes.closed, comes.closed) == ([1], 1, 1)


def test_a_wrong_plan_changes_nothing(tmp_path: Path) -> None:
    """Everything of it is built before anything of the old one is touched."""
    feed, shelf = Feed(), Shelf()
    good = plan(tmp_path, line(feed, *stages("sum")), sinks=[sink(shelf)])
    with started(good) as gateway:
        feed.say(*readings(1))
        until(lambda: shelf.values == [1])
        wrong = plan(tmp_path, line(Feed(), *stages("doubled", "nothing")), sinks=[SinkUse(type="fussy", id="out")])
        with pytest.raises(ConfigError, match="there is no stage called 'nothing'"):
            gateway.reload(wrong, REGISTRY)
        assert gateway.plan is good
        feed.say(*readings(2))
        until(lambda: shelf.values == [1, 2])
        assert results(shelf) == [1, 3]
    assert feed.opened == 1


def test_flags_switch_stages_before_and_after_a_reload(tmp_path: Path) -> None:
    """A pipeline that stays listens to the flags of the new plan."""
    feed, shelf = Feed(), Shelf()
    use = StageUse(type="doubled", id="doubled", flag="loud")
    with started(plan(tmp_path, line(feed, use), sinks=[sink(shelf)], flags={"loud": False})) as gateway:
        for number, on in enumerate((False, True, False, True), start=1):
            gateway.flags.turn("loud", on)
            feed.say(*readings(number))
            until(partial(took, shelf, number))
            gateway.reload(plan(tmp_path, line(feed, use), sinks=[sink(shelf)], flags={"loud": False}), REGISTRY)
    assert shelf.values == [1, 4, 3, 8]


def test_a_pipeline_that_stays_goes_by_the_new_flags_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what comes while others are still being started."""
    feed, shelf = Feed(), Shelf()
    start = Supervisor.start

    def meanwhile(one: Supervisor) -> None:
        if one.pipeline.name == "new":
            feed.say(*readings(1))
            until(partial(took, shelf, 1))
        start(one)

    monkeypatch.setattr(Supervisor, "start", meanwhile)
    loud = StageUse(type="doubled", id="doubled", flag="loud")
    with started(plan(tmp_path, line(feed), sinks=[sink(shelf)])) as gateway:
        lines = line(Feed(), id="new"), line(feed, loud)
        gateway.reload(plan(tmp_path, *lines, sinks=[sink(shelf)], flags={"loud": True}), REGISTRY)
        feed.say(*readings(2))
        until(partial(took, shelf, 2))
    assert shelf.values == [2, 4]


def test_a_stage_that_fails_costs_a_reload_nothing(tmp_path: Path) -> None:
    """A pipeline in its pause after a bug can be reloaded, and its mended stages are used."""
    feed, shelf = Feed(*readings(1)), Shelf()
    failing = StageUse(type="fails", id="x", on_error="halt")
    with started(plan(tmp_path, line(feed, failing), sinks=[sink(shelf)])) as gateway:
        until(lambda: gateway.supervisors["src"].restarts == 1)
        gateway.reload(plan(tmp_path, line(feed, *stages("sum")), sinks=[sink(shelf)]), REGISTRY)
        feed.say(*readings(2))
        until(lambda: 2 in shelf.values)
