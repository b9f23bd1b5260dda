"""Too much of it: chatter of one alarm, a flood of all."""

from msgspec import structs
from tests.sinks.alarms.kit import HOT, Bench

from gaugeway import Quantity, Reading, Rule, Sensor
from gaugeway.rule import Limit

CHATTY = structs.replace(HOT, limit=Limit(events=4, per=600.0))


def test_what_is_above_the_limit_is_withheld() -> None:
    """Four events in ten minutes are told, then that it chatters, then nothing."""
    bench = Bench({"hot": CHATTY})
    bench.series(*[86.0, 80.0] * 50)
    assert bench.said == ["raised", "cleared", "raised", "cleared", "chattering"]
    assert bench.snapshot("hot").occurrence == 50


def test_after_the_chatter_the_present_state_is_told_once() -> None:
    """It ended raised: that is an event, and the next one comes by itself again."""
    bench = Bench({"hot": CHATTY})
    bench.series(*[86.0, 80.0] * 50, 86.0)
    bench.series(*[86.0] * 650)
    assert bench.said[5:] == ["raised"]
    bench.series(80.0)
    assert bench.said[5:] == ["raised", "cleared"]


def test_chatter_that_ends_as_it_began_is_told_too() -> None:
    """Told as cleared before, and normal after: it says how it stands, and that it speaks again."""
    bench = Bench({"hot": CHATTY})
    bench.series(*[86.0, 80.0] * 50)
    bench.series(*[80.0] * 650)
    assert bench.said[5:] == ["resumed"]
    assert not bench.events[-1].active


def test_snapshots_stay_exact_while_it_chatters() -> None:
    """Only events are withheld."""
    bench = Bench({"hot": CHATTY})
    bench.series(*[86.0, 80.0] * 20)
    bench.panel.changed_alarms.clear()
    bench.series(86.0)
    assert "hot" in bench.panel.changed_alarms
    assert bench.snapshot("hot").active


def test_people_are_heard_also_in_chatter() -> None:
    """An acknowledgement is no chatter."""
    bench = Bench({"hot": CHATTY})
    bench.series(*[86.0, 80.0] * 20, 86.0)
    assert bench.command("ack", 21).ok
    assert bench.said[-1] == "acked"


def flood(count: int) -> Bench:
    """Return a node with so many rules, all of which cross at once; 30 raises a minute are no flood."""
    sensors = {f"s{number}": Sensor() for number in range(count)}
    rules = {f"r{number}": Rule(sensor=f"s{number}", above=Quantity(10)) for number in range(count)}
    return Bench(rules, sensors, flood=30)


def readings(bench: Bench, count: int, value: float) -> list[Reading]:
    """Return one reading of each sensor."""
    return [Reading(f"s{number}", value, bench.now) for number in range(count)]


def test_a_flood_of_500_rules_is_told_in_summaries() -> None:
    """Thirty events, no more; the rest stands in the summary, and every snapshot is exact."""
    bench = flood(500)
    bench.take(*readings(bench, 500, 20.0))
    assert bench.said == ["raised"] * 30
    told = bench.summary()
    assert told.flood
    assert told.withheld == 470
    assert len(told.active) == 500
    assert told.counts["active"] == 500
    assert all(bench.snapshot(f"r{number}").active for number in range(500))


def test_after_a_flood_events_are_told_again() -> None:
    """Those that stood in the summary are not raised a second time; their clearing is an event."""
    bench = flood(100)
    bench.take(*readings(bench, 100, 20.0))
    bench.wait(61.0)
    assert not bench.summary().flood
    assert bench.said == ["raised"] * 30
    bench.take(*readings(bench, 2, 5.0))
    bench.take(Reading("s99", 5.0, bench.now))
    assert bench.said == ["raised"] * 30 + ["cleared"] * 3


def test_people_are_heard_also_in_a_flood() -> None:
    """What a person did is told."""
    bench = flood(100)
    bench.take(*readings(bench, 100, 20.0))
    assert bench.command("ack", 1, alarm="r99").ok
    assert bench.said[-1] == "acked"


def test_a_steady_trickle_is_no_flood() -> None:
    """Thirty a minute, for as long as it likes."""
    bench = flood(1)
    for _ in range(100):
        bench.read(20.0, "s0")
        bench.wait(1.0)
        bench.read(5.0, "s0")
        bench.wait(1.0)
    assert bench.said.count("raised") == 100
