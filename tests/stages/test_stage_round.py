"""Rounding."""

from math import copysign, inf

import pytest

from gaugeway import Reading
from gaugeway_stages.round import Round


@pytest.mark.parametrize(
    ("digits", "value", "expected"),
    [
        (2, 21.299999999999997, 21.3),
        (0, 21.5, 22.0),
        (-1, 126.0, 130.0),
        (2, 0.0, 0.0),
        (2, -0.001, 0.0),
        (2, inf, inf),
    ],
)
def test_the_value_is_rounded(digits: int, value: float, expected: float) -> None:
    """To so many places; what rounds to nothing has no sign."""
    (out,) = Round(digits=digits).process(iter([Reading("a", value)]))
    assert out.value == expected
    assert copysign(1.0, out.value) == 1.0


@pytest.mark.parametrize("of", ["normal", "average", "trend"])
def test_another_result_is_rounded(of: str) -> None:
    """With `of` the value itself stays as it is; a reading without that result goes by."""
    with_it, without = Reading("a", 1.23456), Reading("a", 1.23456)
    with_it.put(of, 6.54321)
    out = list(Round(digits=1, of=of).process(iter([with_it, without])))
    assert [(reading.value, reading.get(of)) for reading in out] == [(1.23456, 6.5), (1.23456, None)]
