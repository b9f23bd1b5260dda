"""Units are known by one spelling, convert both ways, and only to what measures the same thing."""

import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugeway import Kind, Quantity, canonical, convert
from gaugeway.units import SPELLINGS, UNITS, fits

PAIRS = [(one, two) for one in UNITS for two in UNITS if UNITS[one].dimension == UNITS[two].dimension]


@pytest.mark.parametrize(
    ("value", "unit", "target", "result"),
    [
        (100, "°C", "°F", 212), (-40, "°F", "°C", -40), (0, "K", "°C", -273.15), (32, "°F", "K", 273.15),
        (1, "bar", "kPa", 100), (1, "atm", "hPa", 1013.25), (14.503773773, "psi", "bar", 1),
        (760, "mmHg", "atm", 1), (29.921, "inHg", "hPa", 1013.2), (1000, "mmH2O", "kPa", 9.80665),
        (1, "MPa", "bar", 10), (1, "m³/h", "L/min", 16.6666667), (1, "L/s", "m³/h", 3.6),
        (60, "L/h", "mL/min", 1000), (1, "gal/min", "L/h", 227.1247), (1, "m³/s", "L/s", 1000),
        (1, "gal", "L", 3.785411784), (1500, "mV", "V", 1.5), (2, "kg", "g", 2000), (5, "cm", "mm", 50),
    ],
)  # fmt: skip
def test_what_everybody_can_look_up(value: float, unit: str, target: str, result: float) -> None:
    """The figures of any table."""
    assert convert(value, unit, target) == pytest.approx(result, rel=1e-4)


@given(st.sampled_from(PAIRS), st.floats(-1e6, 1e6))
def test_there_and_back_is_where_it_began(pair: tuple[str, str], value: float) -> None:
    """For every two units of one dimension."""
    there = convert(value, *pair)
    assert convert(there, pair[1], pair[0]) == pytest.approx(value, rel=1e-9, abs=1e-6)


@given(st.sampled_from(PAIRS), st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_a_span_is_the_distance_of_two_points(pair: tuple[str, str], low: float, width: float) -> None:
    """A hysteresis of 9 °F is 5 °C wherever on the scale it is."""
    unit, target = pair
    end, begin = Quantity(low + width, unit).to(target), Quantity(low, unit).to(target)
    lost = 1e-14 * (abs(end) + abs(begin))  # what subtracting two numbers of this size loses
    assert Quantity(width, unit).span(target) == pytest.approx(end - begin, rel=1e-6, abs=1e-6 + lost)


@pytest.mark.parametrize(
    ("unit", "target"), [("°C", "bar"), ("bar", "L/min"), ("°C", "stone"), ("stone", "°C"), ("", "K")]
)
def test_what_does_not_measure_the_same_is_refused(unit: str, target: str) -> None:
    """In words, as a ValueError."""
    with pytest.raises(ValueError, match="cannot be turned into"):
        convert(1.0, unit, target)


def test_an_unknown_unit_is_itself() -> None:
    """Nothing has to be known of a unit that is not converted."""
    assert convert(1.5, "stone", "stone") == 1.5


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("°C", "°C"), ("C", "°C"), (" degC ", "°C"), ("℃", "°C"), ("celsius", "°C"), ("PSI", "psi"), ("l/min", "L/min"),
        ("gpm", "gal/min"), ("m3/h", "m³/h"), ("ug/m3", "µg/m³"), ("\u03bcg/m³", "µg/m³"), ("percent", "%"),
        ("stone", None), ("", None), ("c", None),
    ],
)  # fmt: skip
def test_people_write_units_in_several_ways(written: str, meant: str | None) -> None:
    """One of them is used inside; a guess is never made."""
    assert canonical(written) == meant


def test_every_other_spelling_leads_to_a_unit() -> None:
    """And none of them is a unit itself."""
    assert set(SPELLINGS.values()) <= UNITS.keys()
    assert UNITS.keys().isdisjoint(SPELLINGS)


def test_a_unit_has_a_scale_that_can_be_divided_by() -> None:
    """Nothing in the table makes a number infinite."""
    assert all(unit.scale > 0 and math.isfinite(unit.offset) for unit in UNITS.values())


def test_kinds_take_the_units_of_their_dimension() -> None:
    """`any` takes whatever the device says."""
    assert fits("°C", "temperature")
    assert fits("bar", "pressure")
    assert not fits("bar", "temperature")
    assert not fits("stone", "flow")
    assert fits("stone", "any")
    for kind in get_args(Kind):
        assert any(fits(unit, kind) for unit in UNITS)


def test_a_quantity_without_a_unit_is_in_that_of_its_sensor() -> None:
    """Neither a point nor a span is converted then, and not for a sensor without a unit either."""
    assert Quantity(85).to("°F") == Quantity(85).span("°F") == 85
    assert Quantity(85, "°C").to("") == Quantity(85, "°C").span("") == 85
    assert Quantity(50, "°F").to("°C") == pytest.approx(10)
    assert Quantity(9, "°F").span("K") == pytest.approx(5)
    with pytest.raises(ValueError, match="cannot be turned"):
        Quantity(9, "°F").span("bar")


def test_a_quantity_reads_as_it_is_written() -> None:
    """With its unit, without a tail of zeros."""
    assert [str(one) for one in (Quantity(85.0, "°C"), Quantity(0.5), Quantity(1e-9, "bar"))] == [
        "85 °C",
        "0.5",
        "1e-09 bar",
    ]
