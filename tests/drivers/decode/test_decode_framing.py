"""Lines cut from a stream of bytes."""

import tracemalloc
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugeway import Reject
from gaugeway_drivers.decode.framing import Lines

STREAM = b"cut\r\n21.53\r\n0\r\n\r\n-5.5\r\n"
LINES = [b"21.53", b"0", b"-5.5"]


def fed(pieces: Iterable[bytes], lines: Lines | None = None) -> list[bytes | Reject]:
    lines = lines or Lines()
    return [line for piece in pieces for line in lines.feed(piece)]


def one_by_one(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_each_usual_line_end_is_understood(end: bytes) -> None:
    stream = STREAM.replace(b"\r\n", end)
    assert fed([stream]) == fed(one_by_one(stream)) == LINES


@pytest.mark.parametrize("delimiter", [b";", b"\r\n", b"END", b"\x03"])
def test_a_stated_delimiter_of_one_or_more_bytes_is_found_wherever_the_stream_is_cut(delimiter: bytes) -> None:
    stream = STREAM.replace(b"\r\n", delimiter)
    for at in range(len(stream) + 1):
        assert fed([stream[:at], stream[at:]], Lines(delimiter=delimiter)) == LINES
    assert fed(one_by_one(stream), Lines(delimiter=delimiter)) == LINES


def test_with_a_stated_delimiter_other_line_ends_are_part_of_the_line() -> None:
    assert fed([b"a\nb;c\rd;"], Lines(delimiter=b";", keep_first=True)) == [b"a\nb", b"c\rd"]


def test_the_first_line_after_opening_is_a_fragment_unless_it_is_to_be_kept() -> None:
    assert fed([b"3.4\r\n25.1\r\n"]) == [b"25.1"]
    assert fed([b"3.4\r\n25.1\r\n"], Lines(keep_first=True)) == [b"3.4", b"25.1"]


def test_a_line_that_begins_after_a_silence_is_whole_even_right_after_opening() -> None:
    lines = Lines()
    assert lines.silence() is None
    assert lines.feed(b"23.4\n") == [b"23.4"]


def test_the_fragment_after_opening_is_thrown_away_by_a_silence_without_a_word() -> None:
    lines = Lines()
    lines.feed(b"3.4")
    assert lines.silence() is None
    assert lines.feed(b"25.1\n") == [b"25.1"]


def test_half_a_line_and_then_silence_is_refused_and_never_glued_to_the_next() -> None:
    lines = Lines(keep_first=True)
    assert lines.feed(b"20.0\n21.") == [b"20.0"]
    assert lines.silence() == Reject("half a line", b"21.")
    assert lines.silence() is None
    assert lines.feed(b"53\n") == [b"53"]


def test_noise_around_a_line_means_nothing() -> None:
    noise = b"\x00\xff\x00"
    assert fed([noise + b"\n" + noise + b"21.5" + noise + b"\r\n" + noise + b"\n"]) == [b"21.5"]


def test_two_lines_in_one_read_are_two_lines() -> None:
    assert fed([b"\n1\n2\n"]) == [b"1", b"2"]


@pytest.mark.parametrize("delimiter", [b"", b"\r\n", b"END"])
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_line_over_the_limit_is_refused_once_and_skipped_to_its_end(delimiter: bytes, step: int) -> None:
    end = delimiter or b"\n"
    stream = end.join((b"", b"x" * 100, b"y" * 101, b"z" * 1000, b"1.5", b""))
    pieces = [stream[at : at + step] for at in range(0, len(stream), step)]
    refused = [Reject("line too long", b"y" * 80), Reject("line too long", b"z" * 80)]
    assert fed(pieces, Lines(delimiter=delimiter, limit=100)) == [b"x" * 100, *refused, b"1.5"]


def test_an_endless_line_costs_bounded_memory_and_one_refusal() -> None:
    lines = Lines(limit=100)
    lines.feed(b"\n")
    tracemalloc.start()
    refused = [line for _ in range(1000) for line in lines.feed(b"x" * 1000)]
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 10_000
    assert refused == [Reject("line too long", b"x" * 80)]
    assert lines.feed(b"\n1.5\n") == [b"1.5"]


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_stream_without_line_ends_is_refused_although_it_is_the_first_line(step: int) -> None:
    """Of a device with another delimiter nothing else would tell that it speaks at all."""
    stream = b"T=1;" * 100
    pieces = [stream[at : at + step] for at in range(0, len(stream), step)]
    lines = Lines(limit=100)
    assert fed(pieces, lines) == [Reject("line too long", (b"T=1;" * 20))]
    assert lines.feed(b"T=1\nT=2\n") == [b"T=2"]


@given(
    st.lists(st.sampled_from([b"1.5", b"\r", b"\n", b"\r\n", b"E", b"END", b"\x00", b"\xff", b"x" * 30]), max_size=40),
    st.lists(st.integers(0, 200), max_size=10),
    st.sampled_from([b"", b"\r\n", b"END", b"\n"]),
    st.booleans(),
)
def test_what_comes_out_does_not_depend_on_how_the_stream_was_read(
    parts: list[bytes], cuts: list[int], delimiter: bytes, keep_first: bool
) -> None:
    stream = b"".join(parts)
    places = [0, *sorted(cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(places)]

    def fresh() -> Lines:
        return Lines(delimiter=delimiter, limit=50, keep_first=keep_first)

    whole = fed([stream], fresh())
    # A line that is still open shows whether it is too long a little later in one read than in another.
    whole_closed = fed([stream, b"\r\nEND\r\n"], fresh())
    assert fed([*one_by_one(stream), b"\r\nEND\r\n"], fresh()) == whole_closed
    assert fed([*pieces, b"\r\nEND\r\n"], fresh()) == whole_closed
    assert whole == whole_closed[: len(whole)]
