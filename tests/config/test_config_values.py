"""What may be written for each type of option, and what is said of everything else."""

import re
from pathlib import Path

import pytest
from tests.config.kit import Lines, Parity, Table, fault, option, plan, problems, report, source

from gaugeway.plan import Limits
from gaugeway.rule import Rate
from gaugeway.units import Quantity


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("baud", "19200", 19200),
        ("baud", "0x2580", 9600),
        ("baud", "1_000", 1000),
        ("ratio", "1", 1.0),
        ("ratio", "-2.5e-3", -0.0025),
        ("ratio", ".5", 0.5),
        ("echo", "true", True),
        ("echo", "off", False),
        ("echo", "Yes", True),
        ("every", "500ms", 0.5),
        ("every", "30s", 30.0),
        ("every", "1h 30min", 5400.0),
        ("every", "5 min", 300.0),
        ("every", "'2s'", 2.0),
        ("buffer", "10MB", 10_000_000),
        ("buffer", "512KiB", 524_288),
        ("buffer", "1.5 GB", 1_500_000_000),
        ("parity", "even", Parity.EVEN),
        ("bits", "7", 7),
        ("last", "5", 5),
        ("last", "5s", 5.0),
        ("names", "[a, 'no', b]", ["a", "no", "b"]),
        ("pair", "[1, 2.5]", (1, 2.5)),
        ("weights", "{a: 1, b: 0.5}", {"a": 1.0, "b": 0.5}),
        ("format", "{type: lines, pattern: x}", Lines(pattern="x")),
        ("format", "{type: table, columns: {a: 1}}", Table(columns={"a": 1})),
        ("format", "~", None),
        ("match", "'T=([0-9]+)'", re.compile("T=([0-9]+)")),
        ("names", "null", None),
    ],
)
def test_what_is_written_becomes_the_value_that_the_annotation_says(name: str, text: str, value: object) -> None:
    assert option(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("baud", "fast", "'baud' must be a whole number from 50 to 4000000, not 'fast'"),
        (
            "baud",
            "9600.0",
            "'baud' must be a whole number from 50 to 4000000, not the number 9600.0 | did you mean 9600?",
        ),
        ("baud", "'9600'", "'baud' must be a whole number from 50 to 4000000, not '9600' | remove the quotes: 9600"),
        (
            "baud",
            "010",
            "'baud' must be a whole number from 50 to 4000000, not the number 010"
            " | a leading 0 means octal to some: write 10",
        ),
        ("baud", "49", "'baud' must be a whole number from 50 to 4000000, not the number 49"),
        ("baud", "12:30", "'baud' must be a whole number from 50 to 4000000, not '12:30'"),
        (
            "baud",
            "[9600]",
            "'baud' must be a whole number from 50 to 4000000, not a list"
            " | write the one value without the [ ] or the dash",
        ),
        ("baud", "", "'baud' must be a whole number from 50 to 4000000, not empty"),
        ("baud", "yes", "'baud' must be a whole number from 50 to 4000000, not yes without quotes"),
        ("ratio", "'1,5'", "'ratio' must be a number, not '1,5' | did you mean 1.5?"),
        ("ratio", ".inf", "'ratio' must be a number, not the number .inf"),
        ("ratio", "1e400", "'ratio' must be a number, not the number 1e400"),
        ("ratio", "5 V", "'ratio' must be a number, not '5 V' | it takes no unit: write 5"),
        ("echo", "1", "'echo' must be true or false, not the number 1"),
        ("echo", "'yes'", "'echo' must be true or false, not 'yes' | remove the quotes"),
        ("every", "10", "'every' needs a unit of time: 10 has none | did you mean 10s?"),
        (
            "every",
            "10x",
            "'every' has an unknown unit of time: 'x' | did you mean 10s? there is ms, s, min, h, d and w",
        ),
        (
            "every",
            "5 minuts",
            "'every' has an unknown unit of time: 'minuts' | did you mean 5min? there is ms, s, min, h, d and w",
        ),
        (
            "every",
            "-5s",
            "'every' must be a duration such as 30s or 5min, more than 0s, not '-5s' | it cannot be negative",
        ),
        ("every", "0s", "'every' must be more than 0s, not 0s"),
        (
            "every",
            "'1,5s'",
            "'every' must be a duration such as 30s or 5min, more than 0s, not '1,5s' | did you mean 1.5s?",
        ),
        ("buffer", "10", "'buffer' needs a unit: 10 has none | did you mean 10MB?"),
        ("buffer", "10M", "'buffer' has an unknown unit: 'M' | did you mean 10MB?"),
        ("buffer", "10s", "'buffer' has an unknown unit: 's' | did you mean 10MB?"),
        ("parity", "evn", "'parity' must be none or even, not 'evn' | did you mean even?"),
        ("bits", "9", "'bits' must be 7 or 8, not the number 9"),
        ("names", "a", "'names' must be a list, not 'a' | write [a]"),
        (
            "names",
            "[a, no]",
            "item 2 of 'names' must be a text, not no without quotes | write 'no' in quotes if the text is meant",
        ),
        (
            "names",
            "[1.10]",
            "item 1 of 'names' must be a text, not the number 1.10 | write '1.10' in quotes if the text is meant",
        ),
        ("pair", "[1]", "'pair' must have 2 items, and has 1"),
        ("weights", "{a: x}", "'a' must be a number, not 'x'"),
        ("format", "{type: linse, pattern: x}", "unknown type 'linse' of 'format' | did you mean 'lines'?"),
        ("format", "{pattern: x}", "'format' has no 'type' | type is one of lines and table"),
        ("format", "{tpye: lines, pattern: x}", "unknown option 'tpye' of 'format' | did you mean 'type'?"),
        ("format", "{type: lines}", "'pattern' is missing for type 'lines' | add 'pattern', a text"),
        ("format", "{type: lines, patern: x}", "unknown option 'patern' for type 'lines' | did you mean 'pattern'?"),
        ("format", "lines", "'pattern' is missing for type 'lines' | add 'pattern', a text"),
        ("match", "'T=('", "'match' is not a regular expression: missing ), unterminated subpattern at position 2"),
        ("last", "5x", "'last' has an unknown unit of time: 'x' | did you mean 5s? there is ms, s, min, h, d and w"),
        ("last", "many", "'last' must be a whole number, or a duration such as 30s or 5min, not 'many'"),
        ("boud", "9600", "unknown option 'boud' for source type 'port' | did you mean 'baud'?"),
    ],
)
def test_what_cannot_be_is_refused_with_one_sentence_and_what_to_do(name: str, text: str, said: str) -> None:
    assert fault(name, text) == said


def test_a_relative_path_begins_at_the_folder_of_the_file(tmp_path: Path) -> None:
    found = plan(source() + "sinks:\n  archive: {type: file, path: data/r.jsonl}\n", tmp_path)
    assert found.sinks[0].options["path"] == tmp_path / "data/r.jsonl"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("mqt://host", "'broker' has an unknown scheme 'mqt' | did you mean mqtt://host?"),
        ("host", "must be an address such as mqtt://localhost:1883, not 'host' | did you mean mqtt://host?"),
        ("mqtt://", "'broker' names no host | did you mean mqtt://localhost?"),
        ("mqtt://host:99999", "'broker' has the port '99999', which must be a number from 1 to 65535"),
    ],
)
def test_an_address_has_a_scheme_a_host_and_a_port_that_can_be(address: str, said: str) -> None:
    (found,) = problems(source() + f"sinks:\n  phone: {{type: phone, broker: '{address}'}}\n")
    assert said in found


def test_a_secret_in_the_open_is_warned_of_and_taken() -> None:
    found = report(source() + "sinks:\n  phone: {type: phone, password: hunter22}\n")
    assert found.plan is not None
    assert found.plan.sinks[0].options["password"] == "hunter22"
    assert "for everybody to read" in found.warnings[0].message


RULE = "alerts:\n  hot: {sensor: t1, %s}\n"


def test_quantities_rates_and_limits_are_read_as_people_write_them() -> None:
    rule = plan(source() + RULE % "above: 85 C, clear_below: 80, limit: {events: 6, per: 10min}").rules["hot"]
    assert (rule.above, rule.clear_below) == (Quantity(85.0, "°C"), Quantity(80.0))
    assert rule.limit is not None
    assert (rule.limit.events, rule.limit.per) == (6, 600.0)


@pytest.mark.parametrize("text", ["5 °C per min", "5 °C/min", "5°C per 60s"])
def test_a_rate_is_an_amount_per_time(text: str) -> None:
    assert plan(source() + RULE % f"rate: {text}").rules["hot"].rate == Rate(Quantity(5.0, "°C"), 60.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("above: 85 °X", "'above' has an unknown unit: '°X' | did you mean '°C'?"),
        ("above: hot", "'above' must be a number with a unit, such as 85 °C, not 'hot'"),
        ("above: 85 bar", "'above': 't1' is measured in °C, which bar does not fit"),
        ("above: 850 °C", "'above': 850 °C lies outside the range of 't1', 0 to 100 °C"),
        ("rate: 5 °C", "'rate' must be a change in a time, such as 5 °C per min, not '5 °C'"),
        ("rate: 5 °C per day of rain", "'rate' must be a change in a time"),
        ("rate: 5 °C per fortnight", "'rate' has an unknown time: 'fortnight'"),
    ],
)
def test_an_amount_that_cannot_be_is_refused(text: str, said: str) -> None:
    (found,) = problems(source() + RULE % text)
    assert said in found


def test_limits_take_their_units() -> None:
    assert plan(source() + "limits: {max_sensors: 5, memory: 1GB}\n").limits == Limits(max_sensors=5, memory=10**9)
