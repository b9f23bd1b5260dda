"""What a configuration costs at the worst, and that a limit is refused with the figure."""

import pytest
from tests.config.kit import plan, problems, source

from gaugeway.config.cost import cost

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


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("memory: 1MB", "this may need"),
        ("written_per_day: 1MB", "this may write"),
        ("syncs_per_day: 100", "there may be 20,160 a day"),
        ("bus_duty: 1", "the bus of 'bus' may be 12.9 % busy"),
    ],
)
def test_a_configuration_beyond_its_limits_is_refused_at_the_limit(limit: str, said: str) -> None:
    text = source("every: 1s", TEN)
    assert problems(text + "limits: {memory: 1GB, bus_duty: 50}\n") == []
    (found,) = problems(text + f"limits:\n  {limit}\n")
    assert found.startswith("8:")
    assert said in found
