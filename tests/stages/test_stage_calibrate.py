"""Corrections: gain and offset, points, polynomials, units."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaugeway import ConfigError, Quantity, Reading
from gaugeway_stages.calibrate import Calibrate, Correction

BENT = [(0.0, 1.0), (10.0, 10.0), (20.0, 40.0)]


def corrected(stage: Calibrate, value: float, sensor: str = "probe", unit: str = "°C") -> float | str | None:
    """Return the corrected value, or why there is none."""
    out = [reading.value for reading in stage.process(iter([Reading(sensor, value, unit=unit)]))]
    return out[0] if out else "dropped"


@pytest.mark.parametrize(
    ("stage", "value", "expected"),
    [
        (Calibrate(offset=Quantity(-0.5)), 0.0, -0.5),
        (Calibrate(gain=2.0), 21.0, 42.0),
        (Calibrate(gain=2.0, offset=Quantity(1.0)), 10.0, 21.0),
        (Calibrate(offset=Quantity(9.0, "°F")), 20.0, 25.0),
        (Calibrate(points=BENT), 0.0, 1.0),
        (Calibrate(points=BENT), 5.0, 5.5),
        (Calibrate(points=BENT), 10.0, 10.0),
        (Calibrate(points=BENT), 15.0, 25.0),
        (Calibrate(points=BENT), 30.0, 70.0),
        (Calibrate(points=BENT), -10.0, -8.0),
        (Calibrate(points=[(0.0, 0.0), (1.0, 5.0)]), 2.0, 10.0),
        (Calibrate(polynomial=[1.0, 2.0, 3.0]), 2.0, 17.0),
        (Calibrate(unit="°F"), 100.0, 212.0),
        (Calibrate(offset=Quantity(1.0), unit="F"), 99.0, 212.0),
        (Calibrate(unit="°C"), 21.5, 21.5),
        (Calibrate(gain=1e200), 1e200, "dropped"),
    ],
)
def test_a_value_is_corrected(stage: Calibrate, value: float, expected: float | str) -> None:
    """The correction comes first, in the unit of the sensor, then the change of unit."""
    assert corrected(stage, value) == (expected if isinstance(expected, str) else pytest.approx(expected))


def test_a_single_sensor_has_a_correction_of_its_own() -> None:
    """What stands under `sensors` takes the place of the rest for that sensor alone."""
    stage = Calibrate(gain=2.0, sensors={"b": Correction(offset=Quantity(1.0))})
    assert (corrected(stage, 10.0, "a"), corrected(stage, 10.0, "b")) == (20.0, 11.0)


def test_the_unit_is_changed_with_the_value() -> None:
    """A reading always says in which unit it is."""
    (out,) = Calibrate(unit="bar").process(iter([Reading("p", 150.0, unit="kPa")]))
    assert out.value == pytest.approx(1.5)
    assert out.unit == "bar"


def test_no_number_is_dropped_with_a_reason() -> None:
    """A curve that leaves the range of numbers does not put an infinity into the stream."""
    reading = Reading("p", 1e200)
    assert list(Calibrate(polynomial=[0.0, 0.0, 1.0]).process(iter([reading]))) == []
    assert reading.fate == "calibrated to no number"


def test_a_unit_that_does_not_fit_is_an_error() -> None:
    """Degrees do not become bar."""
    with pytest.raises(ValueError, match="cannot be turned into"):
        corrected(Calibrate(unit="bar"), 1.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Calibrate, "needs to be told how"),
        (lambda: Calibrate(unit="parsec"), "unknown unit 'parsec'"),
        (lambda: Calibrate(gain=2.0, points=BENT), "exclude each other"),
        (lambda: Calibrate(points=BENT, polynomial=[0.0, 1.0]), "exclude each other"),
        (lambda: Calibrate(gain=0.0), "gain 0"),
        (lambda: Calibrate(points=[(0.0, 1.0)]), "at least two pairs"),
        (lambda: Calibrate(points=[(1.0, 1.0), (1.0, 2.0)]), "sorted"),
        (lambda: Calibrate(polynomial=[1.0]), "at least two coefficients"),
        (lambda: Calibrate(sensors={"b": Correction(gain=0.0)}), "^b: gain 0"),
    ],
)
def test_a_senseless_correction_is_refused(make: Callable[[], object], message: str) -> None:
    """It says what is wrong and what to do before anything starts."""
    with pytest.raises(ConfigError, match=message):
        make()


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 5), st.floats(0, 5)), min_size=2, max_size=8), st.floats(0, 1))
def test_points_are_met_and_the_order_is_kept(steps: list[tuple[float, float]], place: float) -> None:
    """Each measured value becomes its true one; what lies between lies between."""
    points = [(0.0, 0.0)]
    for right, up in steps:
        points.append((points[-1][0] + right, points[-1][1] + up))
    stage = Calibrate(points=points)
    for (x, y), (next_x, next_y) in pairwise(points):
        assert corrected(stage, x) == pytest.approx(y, abs=1e-9)
        between = corrected(stage, x + place * (next_x - x))
        assert between == pytest.approx(y + place * (next_y - y), abs=1e-9)
