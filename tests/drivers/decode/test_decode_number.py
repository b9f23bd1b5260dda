"""Numbers as devices write them."""

import pytest

from gaugeway_drivers.decode.number import NotANumber, NumberReason, number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("21.53", 21.53),
        ("0", 0.0),
        ("0.0", 0.0),
        ("-0", 0.0),
        ("+3.5", 3.5),
        ("1e3", 1000.0),
        ("-2.5E-3", -0.0025),
        (".5", 0.5),
        ("-.5", -0.5),
        ("0007", 7.0),
        ("  38.3 \t", 38.3),
        (7, 7.0),
        (0, 0.0),
        (-1.5, -1.5),
    ],
)
def test_what_is_a_number_is_read(text: str | float, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "empty"),
        (" \t ", "empty"),
        ("21.", "cut short"),
        ("-21.", "cut short"),
        ("1e", "cut short"),
        ("1.5e-", "cut short"),
        ("inf", "not finite"),
        ("-Infinity", "not finite"),
        ("NaN", "not finite"),
        ("1e400", "not finite"),
        (float("nan"), "not finite"),
        (float("-inf"), "not finite"),
        (10**400, "not finite"),
        ("*", "unavailable"),
        ("..", "unavailable"),
        (".", "unavailable"),
        ("-", "unavailable"),
        ("----", "unavailable"),
        ("ERR", "unavailable"),
        ("unavailable", "unavailable"),
        (None, "unavailable"),
        ("23,4", "not a number"),
        ("1_000", "not a number"),
        ("0x1F", "not a number"),
        ("--5", "not a number"),
        ("2 1", "not a number"),
        ("12.3.4", "not a number"),
        ("٣", "not a number"),
        ("²", "not a number"),
        ("hello", "not a number"),
        (True, "not a number"),
        (False, "not a number"),
        ([1], "not a number"),
        (b"1", "not a number"),
    ],
)
def test_what_is_no_number_is_refused_with_its_reason(given: object, reason: NumberReason) -> None:
    with pytest.raises(NotANumber) as refused:
        number(given)
    assert refused.value.reason == reason


def test_with_a_decimal_comma_only_the_comma_is_a_decimal_mark() -> None:
    assert number("23,4", decimal=",") == 23.4
    assert number("-1013", decimal=",") == -1013.0
    for text, reason in (("23.4", "not a number"), ("1.013,2", "not a number"), ("23,", "cut short")):
        with pytest.raises(NotANumber) as refused:
            number(text, decimal=",")
        assert refused.value.reason == reason
