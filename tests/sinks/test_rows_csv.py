"""Readings as rows of CSV."""

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugeway import ConfigError, Reading
from gaugeway_sinks.rows import COLUMNS, TEXTS, CsvRows

finite = st.floats(allow_nan=False, allow_infinity=False)
printable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"))
readings = st.builds(
    Reading,
    sensor=printable,
    value=finite,
    time=finite,
    unit=printable,
    normal=st.none() | finite,
    more=st.none() | st.fixed_dictionaries({"dew,point": finite}),
)


def parsed(rows: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(rows.decode(), newline=""), strict=True))


@given(st.lists(readings, max_size=5))
def test_a_csv_reader_reads_the_same(batch: list[Reading]) -> None:
    """Names with commas and quotes, and every number, come back as they were."""
    table = CsvRows(["sensor", "unit", "value", "normal", "dew,point", "time"], iso=False)
    assert parsed(table.head) == [["sensor", "unit", "value", "normal", "dew,point", "time"]]
    for row, reading in zip(parsed(table.encode(batch)), batch, strict=True):
        assert row[:2] == [reading.sensor, reading.unit]
        numbers = [None if cell == "" else float(cell) for cell in row[2:]]
        assert numbers == [reading.value, reading.normal, reading.get("dew,point"), reading.time]


def test_the_default_columns() -> None:
    """The header is stable, the time is text, what is missing is empty."""
    table = CsvRows()
    rows = table.encode([Reading("boiler", 0.0, 1735689600.5, "°C", quality="stale", average=-0.25)])
    assert table.head == b"sensor,time,value,unit,quality,normal,average\n"
    assert rows.decode() == "boiler,2025-01-01T00:00:00.500000Z,0.0,°C,stale,,-0.25\n"


def test_a_row_is_one_line() -> None:
    """Line breaks in a name become spaces: every line of the file is a row."""
    assert CsvRows(["sensor"]).encode([Reading('a\r\nb"', 1.0)]) == b'"a  b"""\n'


def test_not_a_number_is_empty() -> None:
    """Nothing but numbers stands in a column of numbers."""
    assert CsvRows(["value", "average"]).encode([Reading("null", math.nan, average=math.inf)]) == b",\n"


def test_names_without_end() -> None:
    """More names than are remembered are written as well as the first ones."""
    batch = [Reading(f"s{n}", 1.0) for n in range(TEXTS + 10)]
    assert CsvRows(["sensor"]).encode(batch).split() == [reading.sensor.encode() for reading in batch]


def test_what_it_continues() -> None:
    """A file with the same header is continued, also where the header itself was torn, and no other."""
    table = CsvRows(["sensor", "value"])
    assert table.fits(b"sensor,value\n")
    assert table.fits(b"sens")
    assert not table.fits(b"sensor,time,v")


@pytest.mark.parametrize("columns", [[], ["sensor", "sensor"], ["sensor", "more"], ["fate"]])
def test_columns_that_cannot_be(columns: list[str]) -> None:
    """No columns, a column twice, and what is no column are refused."""
    with pytest.raises(ConfigError, match="columns"):
        CsvRows(columns)


def test_the_default_columns_are_those_documented() -> None:
    """`columns` may name what stands there by default."""
    assert CsvRows(list(COLUMNS)).head == CsvRows().head
