"""What a configuration costs at the worst, and that a limit is refused with the figure."""

from pathlib import Path

import pytest
from tests.config.kit import plan, problems, source

from gaugeway.config import load
from gaugeway.config.cost.cost import cost

HOOK = "type: webhook, url: 'http://127.0.0.1/'"
COMMAND = "type: command, command: [/bin/true]"

TEN = '{"s{n}": {each: {n: 1..10}, unit_id: "{n}"}}'


def test_readings_follow_from_how_often_a_source_asks() -> None:
    assert cost(plan(source("every: 10s", TEN))).readings_per_day == 86_400
    assert cost(plan(source("every: 1s", TEN))).readings_per_day == 864_000


def test_a_longer_sync_costs_fewer_syncs_and_fewer_bytes() -> None:
    often = cost(plan(source("every: 1s", TEN) + "storage: {sync_every: 1s}\n"))
    seldom = cost(plan(source("every: 1s", TEN) + "storage: {sync_every: 1min}\n"))
    assert often.syncs_per_day - seldom.syncs_per_day == 86_400 - 1_440
    assert often.written_per_day > seldom.written_per_day


def test_more_sensors_and_longer_windows_need_more_memory() -> None:
    few = cost(plan(source(sensors=TEN) + "stages: [smooth]\n"))
    long = cost(plan(source(sensors=TEN) + "stages: [{smooth: {last: 1000}}]\n"))
    many = cost(plan(source(sensors="{'*': {unit_id: 1}}")))
    assert few.memory < long.memory < many.memory
    assert many.sensors == 10_000
    assert any("max_sensors" in sentence for sentence in many.assumed)


def test_a_bus_is_busy_in_proportion_to_its_speed() -> None:
    slow, fast = (cost(plan(source(f"every: 1s\nbaud: {baud}", TEN))).bus_duty["bus"] for baud in (1200, 9600))
    assert slow == pytest.approx(8 * fast)


HOT = "alerts: {hot: {sensor: a, above: 5MORE}}\n"


def messages(folder: Path, sink: str, more: str = "") -> int:
    """Return the messages a day of one sensor that is asked every ten seconds, one rule and one sink."""
    file = folder / "gateway.yaml"
    source = "sources: {s: {type: synthetic, every: 10s, sensors: {a: {range: [0, 10]}}}}\n"
    file.write_text(f"{source}sinks: {{out: {{{sink}}}}}\n" + HOT.replace("MORE", more))
    return cost(load(file)).messages_per_day


def test_every_way_out_for_alarms_sends_messages(tmp_path: Path) -> None:
    """At the worst each reading crosses the limit, up or down."""
    for sink in (HOOK, COMMAND, "type: email, host: h, sender: a@b.example, to: [c@d.example]", "type: alert"):
        assert messages(tmp_path, sink) == 8_640


def test_what_slows_alarms_down_saves_messages(tmp_path: Path) -> None:
    """Delays, limits, filters; and in a flood a broker is told no more than so many."""
    assert messages(tmp_path, HOOK, ", for: 30s, clear_for: 30s") == 2 * 1_440
    assert messages(tmp_path, HOOK, ", limit: {events: 6, per: 1h}") == 6 * 24
    assert messages(tmp_path, HOOK, ", for: 12h, clear_for: 12h, remind: 1h") == 2 + 24
    assert messages(tmp_path, HOOK + ", events: [raised]", ", remind: 1h") == 4_320
    assert messages(tmp_path, HOOK + ", severity: critical") == 0
    assert messages(tmp_path, "type: alert, flood: 1") == 1_440
    assert messages(tmp_path, "type: alert, readings: 0") == 2 * 8_640


def test_alarms_of_sensors_that_a_glob_brings_are_counted(tmp_path: Path) -> None:
    """One for each name and each glob of a rule; how many sensors there will be nobody knows, and that is said."""
    sensors = "{a: {kind: flow, unit: L/min}, 'b*': {kind: flow, unit: L/min}, 'c*': {kind: pressure, unit: bar}}"
    source = f"{{type: mqtt, broker: mqtt://h, topic: t, format: {{type: json}}, sensors: {sensors}}}"
    file = tmp_path / "gateway.yaml"

    def alarms(rule: str) -> int:
        rules = f"alerts: {{hot: {{{rule}, stale: 1min}}}}"
        file.write_text(f"sources: {{s: {source}}}\nsinks: {{out: {{{HOOK}}}}}\n{rules}\n")
        found = cost(load(file))
        assert "all sensors that globs bring to 's' say together as much as one" in found.assumed
        return found.messages_per_day // 2_880

    assert alarms("sensor: a") == 1
    assert alarms("sensor: b1") == 1
    assert alarms("sensors: [a, b1, 'b2*']") == 3
    assert alarms("kind: flow") == 2


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("memory: 1MB", "this may need"),
        ("written_per_day: 1MB", "this may write"),
        ("syncs_per_day: 100", "there may be 17,568 a day"),
        ("bus_duty: 1", "the bus of 'bus' may be 12.9 % busy"),
    ],
)
def test_a_configuration_beyond_its_limits_is_refused_at_the_limit(limit: str, said: str) -> None:
    text = source("every: 1s", TEN)
    assert problems(text + "limits: {memory: 1GB, bus_duty: 50}\n") == []
    (found,) = problems(text + f"limits:\n  {limit}\n")
    assert found.startswith("8:")
    assert said in found
