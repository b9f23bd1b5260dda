"""Lines that slipped: one mistake, told where the slip is, and not again wherever it is felt."""

import pytest
from tests.config.kit import problems, source

ALERTS = "alerts:\n  hot:\n    sensor: t1\n    above: 50\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (source() + "  baud: 1200\n", "6:3 'baud' stands beside 'bus', and belongs under it | indent it further"),
        (
            "sources:\n  bus:\n    type: port\n  port: /dev/null\n",
            "4:3 'port' stands beside 'bus', and belongs under it | indent it further",
        ),
        (source() + ALERTS + "  for: 5s\n", "10:3 'for' stands beside 'hot', and belongs under it | indent it further"),
        (
            source(sensors="\n      t1:\n        unit_id: 1\n      unit: bar"),
            "8:7 'unit' stands beside 't1', and belongs under it | indent it further",
        ),
        (
            "templates:\n  base:\n    type: port\n  port: /dev/null\nsources:\n  bus: {like: base}\n",
            "4:3 'port' stands here as a template, and is missing for source type 'port' | indent it further",
        ),
        (
            "defaults:\n  sources:\n    bus: {type: port, port: x}\n",
            "2:3 'sources' is a key of the file, and stands here as an option of defaults"
            " | begin it in the first column",
        ),
        (
            "templates:\n  a: {}\n  flags: {}\n" + source(),
            "3:3 'flags' is a key of the file, and stands here as a template | begin it in the first column",
        ),
        (
            source() + "stages:\n  - smooth\n    - plain\n",
            "8:5 this line goes on the text above, because it is indented further | indent it like the items above",
        ),
        (
            source() + "alerts:\nhot: {sensor: t1, above: 50}\n",
            "7:1 'hot' stands beside 'alerts' | indent it to put it under it",
        ),
    ],
)
def test_a_line_that_slipped_is_told_of_once_where_it_is(text: str, said: str) -> None:
    assert problems(text) == [said]


def test_an_empty_key_that_stands_too_far_in_is_told_of_itself() -> None:
    stage = "stages:\n  - smooth:\n        with:\n        watched:\n          every: 5s\n"
    assert problems(source() + stage) == [
        "8:9 'watched' stands beside 'with', which is indented too far | indent it less"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            source(sensors='{"p{n}": {eahc: {n: 1..3}, unit_id: 1}}') + "alerts: {hot: {sensor: p1, above: 5}}\n",
            "5:24 unknown option 'eahc' of a sensor | did you mean 'each'?",
        ),
        (
            "templates: {base: {type: port}}\nsources:\n  bus: {lkie: base, port: /dev/null}\n",
            "3:9 unknown option 'lkie' of source 'bus' | did you mean 'like'?",
        ),
        (
            source(sensors="{t1: {liek: x, unit_id: 1}}"),
            "5:20 unknown option 'liek' of a sensor | did you mean 'like'?",
        ),
    ],
)
def test_the_words_of_templates_are_suggested_too(text: str, said: str) -> None:
    assert problems(text)[0] == said


def test_of_two_words_as_near_both_are_suggested() -> None:
    (found,) = problems(source() + ALERTS + "    fo: 5s\n")
    assert found == "10:5 unknown option 'fo' of a rule | did you mean 'of' or 'for'?"
