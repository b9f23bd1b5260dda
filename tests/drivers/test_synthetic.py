"""Made-up sensors."""

import statistics
from itertools import islice, pairwise

import pytest

from gaugeway import ConfigError, Reading, Sensor, Sensors, Tick
from gaugeway_drivers.synthetic import Synthetic
from gaugeway_drivers.wave import Step, SyntheticSensor, Wave

NOISY = SyntheticSensor(range=(0, 120), noise=0.5, spikes=0.01, dropouts=0.01)


def readings(
    *, every: float = 1.0, count: int = 100, start: float | None = 1000.0, seed: int = 1, **sensors: SyntheticSensor
) -> list[Reading]:
    source = Synthetic(sensors=Sensors(sensors), every=every, count=count, start=start, seed=seed)
    return [item for item in source.stream() if isinstance(item, Reading)]


def values(sensor: SyntheticSensor, count: int = 100, every: float = 1.0) -> list[float]:
    return [reading.value for reading in readings(a=sensor, count=count, every=every)]


def test_the_same_seed_makes_the_same_readings_and_another_makes_others() -> None:
    assert readings(a=NOISY) == readings(a=NOISY)
    assert readings(a=NOISY, seed=2) != readings(a=NOISY)


def test_a_sensor_shows_the_same_whatever_others_there_are() -> None:
    alone = readings(a=NOISY)
    among = readings(b=NOISY, a=NOISY)
    assert [reading for reading in among if reading.sensor == "a"] == alone
    assert [reading.value for reading in among if reading.sensor == "b"] != [reading.value for reading in alone]


def test_with_a_start_the_readings_carry_times_of_their_own_and_come_at_once() -> None:
    found = readings(a=SyntheticSensor(), every=3600, count=3)
    assert [(reading.time, reading.stamp) for reading in found] == [
        (1000.0, "device"),
        (4600.0, "device"),
        (8200.0, "device"),
    ]


def test_without_a_start_they_come_in_real_time_with_a_tick_before_each_wait() -> None:
    source = Synthetic(sensors=Sensors({"a": SyntheticSensor(wave="flat", around=5)}), every=0.3, count=2)
    assert list(source.stream()) == [Reading("a", 5.0), Tick(), Reading("a", 5.0)]


def test_a_long_pause_is_waited_for_in_ticks() -> None:
    stream = Synthetic(sensors=Sensors({"a": SyntheticSensor()}), every=3600).stream()
    assert [type(item) for item in islice(stream, 3)] == [Reading, Tick, Tick]


def test_its_time_is_that_of_its_readings_only_with_a_start() -> None:
    sensors = Sensors({"a": SyntheticSensor()})
    assert Synthetic(sensors=sensors).live
    assert not Synthetic(sensors=sensors, start=0.0).live


def test_as_a_load_it_makes_no_pause_but_ticks_now_and_then() -> None:
    source = Synthetic(sensors=Sensors({"a": SyntheticSensor(), "b": SyntheticSensor()}), every=0, count=5000)
    items = list(source.stream())
    assert sum(isinstance(item, Reading) for item in items) == 10_000
    assert sum(isinstance(item, Tick) for item in items) == 10


@pytest.mark.parametrize(
    ("wave", "shape"),
    [
        ("sine", [0, 1, 0, -1]),
        ("square", [1, 1, -1, -1]),
        ("triangle", [0, 1, 0, -1]),
        ("saw", [-1, -0.5, 0, 0.5]),
        ("flat", [0, 0, 0, 0]),
    ],
)
def test_each_wave_has_its_shape(wave: Wave, shape: list[float]) -> None:
    sensor = SyntheticSensor(wave=wave, around=50, amplitude=10, period=4)
    assert values(sensor, count=8) == pytest.approx([50 + 10 * at for at in shape] * 2)


def test_the_range_says_where_and_how_far_a_wave_goes_if_nothing_else_does() -> None:
    found = values(SyntheticSensor(range=(0, 120), period=100))
    assert max(found) == pytest.approx(90)
    assert min(found) == pytest.approx(30)


def test_drift_steps_and_noise_are_added() -> None:
    flat = SyntheticSensor(wave="flat", around=10)
    assert values(flat) == [10.0] * 100
    drifting = SyntheticSensor(wave="flat", around=10, drift=2)
    assert values(drifting, count=3, every=1800) == [10.0, 11.0, 12.0]
    stepping = SyntheticSensor(wave="flat", around=10, steps=(Step(at=2, by=5), Step(at=3, by=-1, for_=1)))
    assert values(stepping, count=5) == [10.0, 10.0, 15.0, 14.0, 15.0]
    noisy = values(SyntheticSensor(wave="flat", around=10, noise=0.5), count=2000)
    assert statistics.mean(noisy) == pytest.approx(10, abs=0.05)
    assert statistics.stdev(noisy) == pytest.approx(0.5, rel=0.1)


def test_spikes_and_gaps_come_as_often_as_they_should() -> None:
    spiky = values(SyntheticSensor(wave="flat", around=10, amplitude=2, spikes=0.1), count=2000)
    assert set(spiky) == {10.0, 20.0}
    assert 150 < spiky.count(20.0) < 250
    gappy = readings(a=SyntheticSensor(dropouts=0.01, dropout_length=5), count=10_000)
    moments = [reading.time for reading in gappy]
    gaps = [b - a - 1 for a, b in pairwise(moments) if b - a > 1]
    assert 60 < len(gaps) < 140
    assert sum(gap % 5 == 0 for gap in gaps) == len(gaps)


def test_a_sensor_must_have_a_name_and_times_a_distance() -> None:
    with pytest.raises(ConfigError, match="given by its name"):
        Synthetic(sensors=Sensors({"a*": SyntheticSensor()}))
    with pytest.raises(ConfigError, match="let `every` be more than 0"):
        Synthetic(sensors=Sensors({"a": SyntheticSensor()}), start=0.0, every=0)


def test_it_is_a_sensor_like_any_other() -> None:
    assert isinstance(NOISY, Sensor)
