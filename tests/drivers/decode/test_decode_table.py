"""Tables of readings, cut into blocks and read many rows at once."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugeway import Reading, Reject
from gaugeway_drivers.decode.blocks import LONGEST, Blocks
from gaugeway_drivers.decode.moment import NotATime
from gaugeway_drivers.decode.number import Decimal, NotANumber, number
from gaugeway_drivers.decode.number_column import numbers
from gaugeway_drivers.decode.table import Long, Reads, Table, Wide
from gaugeway_drivers.decode.time_column import TimeColumn

CELLS = st.sampled_from(
    ["1",
     "21.5", "-0", "0.0", " 3 ", "+3.5", ".5", "1e3", "21.", "21. ", "21.\t", "", " ", "nan", "inf", "-inf", "1e400",
     "1_0", "..", "ERR", "٣", "1;2", "23,4", "23,", "1 2", "1700000000", "1e308", "-1e308", "0x1"]
)  # fmt: skip


def long_table(separator: str = ",", decimal: Decimal = ".") -> Table:
    reads = Reads(separator=separator, decimal=decimal, times=TimeColumn(UTC), time=2)
    return Table(Long(reads, 0, 1, lambda name: not name.startswith("x")), reads, 3)


def test_one_reading_a_row() -> None:
    assert list(long_table().read("a,1.5,1700000000\nb,0,1700000000500\n")) == [
        Reading("a", 1.5, 1700000000.0, stamp="device"),
        Reading("b", 0.0, 1700000000.5, stamp="device"),
    ]


def test_several_readings_a_row_in_the_order_of_the_row_and_nothing_for_an_empty_cell() -> None:
    reads = Reads(times=TimeColumn(UTC), time=0)
    table = Table(Wide(reads, {"a": 1, "b": 3}), reads, 4)
    plain = [Reading("a", 1.0, 7.0), Reading("b", 3.0, 7.0), Reading("a", 4.0, 8.0), Reading("b", 6.0, 8.0)]
    for reading in plain:
        reading.stamp = "device"
    assert list(table.read("7,1,2,3\n8,4,5,6\n")) == plain
    assert list(table.read("7,1,,3\n8,4,,6\n")) == plain
    assert list(table.read("7,1,,\n8,,ERR,6\n")) == [plain[0], plain[3]]
    assert list(table.read("7,ERR,2,3\nsoon,4,5,6\n")) == [
        Reject("unavailable", b"7,ERR,2,3", "a"),
        plain[1],
        Reject("not a time", b"soon,4,5,6"),
    ]


@given(
    st.lists(st.tuples(st.sampled_from(["a", " a ", "b", "x"]), CELLS, CELLS), min_size=1, max_size=8),
    st.sampled_from([(",", "."), (";", ","), ("|", ","), ("|", ".")]),
)
def test_many_rows_at_once_are_read_as_each_would_be_alone(
    rows: list[tuple[str, str, str]], style: tuple[str, Decimal]
) -> None:
    lines = [style[0].join(row) + "\n" for row in rows]
    together = list(long_table(*style).read("".join(lines)))
    table = long_table(*style)
    alone = [outcome for line in lines for outcome in table.read(line)]
    again = list(table.read("".join(lines)))  # now that the names are known
    assert together == alone == again


@given(st.lists(CELLS, min_size=1, max_size=5), st.sampled_from([".", ","]))
def test_numbers_taken_many_at_once_are_those_taken_one_by_one(cells: list[str], decimal: Decimal) -> None:
    """Whenever the quick way answers at all, it answers as the strict one does."""
    try:
        quick = numbers(cells, decimal)
    except ValueError:
        return
    assert quick == [number(cell, decimal=decimal) for cell in cells]


def test_plain_numbers_are_taken_many_at_once() -> None:
    """The quick way does answer: it would be easy to always refuse."""
    assert numbers(["1", "21.5", "-0", " 3 ", "1e3", ".5"], ".") == [1.0, 21.5, 0.0, 3.0, 1000.0, 0.5]
    assert numbers(["1", "21,5"], ",") == [1.0, 21.5]


TIMES = st.sampled_from(
    ["1700000000", "1700000000.5", "1700000000500", "2023-11-14T22:13:20", "2023-11-14 22:13:20.5", "2023-11-14",
     "2023-11-14T22:13:20Z", "2023-11-14T23:13:20+01:00", "21.", "", "soon", "nan", "1_0", "0001-01-01", "9999-12-31"]
)  # fmt: skip


@given(st.lists(TIMES, min_size=1, max_size=5), st.sampled_from([UTC, ZoneInfo("Europe/Berlin")]))
def test_times_taken_many_at_once_are_those_taken_one_by_one(cells: list[str], zone: ZoneInfo) -> None:
    column = TimeColumn(zone)
    try:
        quick = list(column.all(cells))
    except (ValueError, OverflowError):
        return
    assert quick == [column.one(cell) for cell in cells]


def test_times_of_one_spelling_are_taken_many_at_once() -> None:
    half_past = 1700000000.0
    for cell in ("1700000000", "1700000000000", "2023-11-14T22:13:20", "2023-11-14T22:13:20Z"):
        assert list(TimeColumn(UTC).all([cell, cell])) == [half_past, half_past]


def test_times_may_be_written_in_a_pattern_of_their_own() -> None:
    column = TimeColumn(ZoneInfo("Europe/Berlin"), "%d.%m.%Y %H:%M")
    assert column.one("14.11.2023 23:13") == 1699999980.0
    assert list(column.all(["14.11.2023 23:13"])) == [1699999980.0]
    with pytest.raises(NotATime):
        column.one("2023-11-14 23:13")


def test_a_row_with_too_few_or_too_many_cells_is_refused_alone() -> None:
    assert list(long_table().read("a,1,7\na,2\n\n,,\na,3,7,9\na,4,7\n")) == [
        Reading("a", 1.0, 7.0, stamp="device"),
        Reject("wrong number of fields", b"a,2"),
        Reject("wrong number of fields", b"a,3,7,9"),
        Reading("a", 4.0, 7.0, stamp="device"),
    ]


def test_quoted_cells_may_hold_separators_quotes_and_line_ends() -> None:
    text = '"a, ""x""\nsouth","1.5",7\nb,2,7\n'
    assert [outcome.sensor for outcome in long_table().read(text)] == ['a, "x"\nsouth', "b"]


def test_quotes_that_do_not_pair_are_letters() -> None:
    assert list(long_table().read('12" pipe,1,7\nb,2,7\n')) == [
        Reading('12" pipe', 1.0, 7.0, stamp="device"),
        Reading("b", 2.0, 7.0, stamp="device"),
    ]


def test_a_name_is_one_object_however_many_rows_have_it() -> None:
    outcomes = list(long_table().read("a,1,7\n" * 100))
    assert len({id(outcome.sensor) for outcome in outcomes}) == 1


def test_an_undeclared_sensor_is_refused() -> None:
    assert list(long_table().read("x,1,7\n")) == [Reject("undeclared sensor", b"x,1,7")]


def cut(data: bytes, size: int) -> list[str | Reject]:
    blocks = Blocks()
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    found = [*map(blocks.feed, pieces), blocks.end()]
    return [block for block in found if block is not None]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_blocks_end_where_rows_end_and_together_are_the_file(size: int) -> None:
    text = 'a,1\n"b\n""c""",2\r\nd °,3\nlast,4'
    blocks = cut(b"\xef\xbb\xbf" + text.encode(), size)
    assert all(isinstance(block, str) for block in blocks)
    assert "".join(map(str, blocks)) == text.replace("\r", "")
    assert all(str(block).endswith("\n") for block in blocks[:-1])
    assert sum('"b\n""c""",2\n' in str(block) for block in blocks) == 1


def test_text_that_is_no_utf_8_is_latin_1() -> None:
    assert cut(b"\xb0C,1\n", 1000) == ["°C,1\n"]


def test_a_row_without_end_costs_bounded_memory_and_one_refusal() -> None:
    data = b"a,1\n" + b"x" * (3 * LONGEST) + b"\nb,2\n"
    assert cut(data, 65_536) == ["a,1\n", Reject("line too long", b"x" * 80), "b,2\n"]


def test_a_quote_that_is_never_closed_holds_nothing_back_for_ever() -> None:
    data = b'12" pipe,1\n' + b"b,2\n" * LONGEST
    blocks = cut(data, 65_536)
    assert len(blocks) > 1
    assert "".join(map(str, blocks)) == data.decode()


@given(st.text('ab1.,"\n ', max_size=60))
def test_no_table_whatever_is_in_it_breaks_the_reader(text: str) -> None:
    for outcome in long_table().read(text):
        assert isinstance(outcome, Reading | Reject)


def test_the_strict_number_is_what_a_cell_is_refused_by() -> None:
    (refused,) = long_table().read("a,21.,7\n")
    with pytest.raises(NotANumber) as strict:
        number("21.")
    assert refused == Reject(strict.value.reason, b"a,21.,7", "a")
