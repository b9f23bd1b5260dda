"""Times as ISO text."""

import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugeway import Reading
from gaugeway_sinks.iso import FIRST, LAST, IsoTimes


def texts(*times: float) -> list[str]:
    return IsoTimes().texts([Reading("t", 0.0, time) for time in times])


@given(st.lists(st.floats(min_value=0.0, max_value=4e9, allow_nan=False), max_size=5))
def test_reads_back_as_the_same_microsecond(times: list[float]) -> None:
    """What is written is the time, to the microsecond, whatever the order."""
    assert [datetime.fromisoformat(text).timestamp() for text in texts(*times)] == pytest.approx(times, abs=1e-6)


def test_rounds_up_into_the_next_second() -> None:
    """Rounding carries over: there is no second with a million microseconds."""
    assert texts(1735689599.9999999, 1735689600.0) == ["2025-01-01T00:00:00.000000Z"] * 2


def test_before_1970() -> None:
    """A time before 1970 is written too."""
    assert texts(-0.25, -62_135_596_800.0) == ["1969-12-31T23:59:59.750000Z", "0001-01-01T00:00:00.000000Z"]


@pytest.mark.parametrize("time", [math.inf, -math.inf, math.nan, 1e300, LAST, FIRST - 1])
def test_outside_the_calendar_stays_a_number(time: float) -> None:
    """A time that no calendar has does not stop the writing; the next one is right."""
    assert texts(time, 0.0) == [repr(time), "1970-01-01T00:00:00.000000Z"]
