"""Moments as devices write them."""

from zoneinfo import ZoneInfo

import pytest

from gaugeway_drivers.decode.moment import NotATime, moment

HALF_PAST = 1675689247.5


@pytest.mark.parametrize(
    "given",
    [
        HALF_PAST,
        "1675689247.5",
        1675689247500,
        "1675689247500",
        1675689247500000,
        1675689247500000000,
        "2023-02-06T13:14:07.5Z",
        "2023-02-06T14:14:07.500+0100",
        "2023-02-06 14:14:07.5+01:00",
        " 2023-02-06 13:14:07.5 ",
        "20230206T131407.5Z",
    ],
)
def test_every_spelling_of_a_moment_is_the_same_moment(given: object) -> None:
    assert moment(given) == HALF_PAST


def test_a_text_without_a_zone_is_in_the_zone_of_the_configuration() -> None:
    assert moment("2023-02-06T14:14:07.5", ZoneInfo("Europe/Berlin")) == HALF_PAST
    assert moment("2023-02-06T13:14:07.5Z", ZoneInfo("Europe/Berlin")) == HALF_PAST


@pytest.mark.parametrize("given", ["", "soon", "2023-13-01", "25:00", "nan", "1e400", None, True, [], 1e30])
def test_what_is_no_moment_is_refused(given: object) -> None:
    with pytest.raises(NotATime) as refused:
        moment(given)
    assert refused.value.reason == "not a time"
