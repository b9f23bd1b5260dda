"""A tap shows the readings that leave a stage, and costs the pipeline nothing."""

from collections.abc import Generator
from pathlib import Path
from typing import cast

import msgspec
import pytest
from tests.engine.kit import Feed, readings
from tests.service.control.switchboard import Stand
from tests.support.waiting import until

from gaugeway import Reading
from gaugeway.plan import PipelinePlan
from gaugeway.service.control.taps import MOST
from gaugeway.service.presence.client import RefusedError


@pytest.fixture
def stand(tmp_path: Path) -> Generator[Stand]:
    """A gateway that is served."""
    with Stand(tmp_path).served() as stand:
        yield stand


def test_a_tap_shows_what_leaves_a_stage(stand: Stand) -> None:
    """At the source what comes in, at a stage what it made of it, each with the readings that are asked for."""
    with stand.talk() as entering, stand.talk() as leaving, stand.talk() as high:
        taps = [
            entering.listen({"ask": "tap", "at": "fed"}),
            leaving.listen({"ask": "tap", "at": "fed/a", "sensor": "t*"}),
            high.listen({"ask": "tap", "at": "fed/a", "where": "value>=30 and sensor!=t2"}),
        ]
        assert [next(tap)["text"] for tap in taps] == ["tapping fed", "tapping fed/a", "tapping fed/a"]
        stand.feed.say(*readings(10.0, sensor="t1"), *readings(20.0, sensor="t2"), *readings(30.0, sensor="p"))
        assert [next(taps[0])["value"] for _ in range(3)] == [10.0, 20.0, 30.0]
        assert [(shown["sensor"], shown["value"]) for shown in (next(taps[1]), next(taps[1]))] == [
            ("t1", 20.0),
            ("t2", 40.0),
        ]
        assert next(taps[2])["value"] == 60.0
        assert stand.taps == 3
    until(lambda: stand.taps == 0)
    assert stand.shelf.values == [20.0, 40.0, 60.0]


def test_a_tap_that_nobody_reads_costs_no_reading(stand: Stand) -> None:
    """Readings that come faster than they are taken are counted and left out of the tap, never of the sinks."""
    with stand.talk() as talk:
        tap = talk.listen({"ask": "tap", "at": "fed/a"})
        next(tap)
        count = 40 * MOST
        stand.feed.say(*readings(*map(float, range(count))))
        until(lambda: len(stand.shelf.values) == count)
        shown = missed = 0
        while shown + missed < count:
            answer = next(tap)
            shown, missed = shown + ("value" in answer), missed + cast("int", answer.get("missed", 0))
    assert shown + missed == count
    assert missed > 0
    assert stand.shelf.values == [2.0 * value for value in range(count)]


def test_what_cannot_be_shown_is_counted_and_no_fault_of_the_stage(stand: Stand) -> None:
    """A plugin may put anything into a reading; who looks at it takes nothing from the sinks."""
    with stand.talk() as talk:
        tap = talk.listen({"ask": "tap", "at": "fed", "where": "average>1"})
        next(tap)
        odd = Reading("t", 1.0)
        odd.average = cast("float", "much")
        stand.feed.say(odd, *readings(2.0))
        until(lambda: stand.shelf.values == [2.0, 4.0])
        assert next(tap) == {"missed": 1}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"at": "fad"}, "there is no source 'fad'; there are fed"),
        ({"at": "fed/c"}, "source 'fed' has no stage 'c'; its points are fed/a, fed/b"),
        ({"at": "fed", "where": "value is high"}, "'value is high' is no condition"),
        ({"at": "fed", "where": "value>high"}, "'high' is no number"),
        ({"at": "fed", "where": "quality>good"}, "'quality' is a word"),
    ],
)
def test_a_tap_that_cannot_be(stand: Stand, words: dict[str, object], error: str) -> None:
    """What is wrong with it, and what there is."""
    with pytest.raises(RefusedError, match=error) as refused:
        stand.ask("tap", **words)
    assert refused.value.code == 2


def test_a_tap_follows_a_reload(stand: Stand) -> None:
    """It goes on with the pipeline that takes the place of the one that it watched, and ends where there is none."""
    fed = stand.plan.pipelines[0]
    other_source = msgspec.structs.replace(fed.source, options={"feed": Feed(*readings(5.0))})
    without_a = msgspec.structs.replace(stand.plan, pipelines=(PipelinePlan(source=other_source),))
    coming = msgspec.structs.replace(stand.plan, pipelines=(PipelinePlan(source=other_source, stages=fed.stages),))
    with stand.talk() as talk:
        tap = talk.listen({"ask": "tap", "at": "fed/a"})
        next(tap)
        stand.gateway.reload(coming, stand.plugins)
        feed = cast("Feed", other_source.options["feed"])
        until(lambda: stand.taps == 1)
        feed.say(*readings(6.0))
        assert next(tap)["value"] in (10.0, 12.0)  # the tap may have come too late for the first
        stand.gateway.reload(without_a, stand.plugins)
        with pytest.raises(RefusedError, match="this point is gone since a reload"):
            list(tap)
