"""Where a new file is begun, and what the old one is called."""

import tempfile
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugeway import Reading
from gaugeway_sinks.file import File
from gaugeway_sinks.file.begun import Begun, stamp, unstamp
from gaugeway_sinks.file.rotation import Rotate

DAY = 86400.0
MIDNIGHT = 20_000 * DAY  # 2024-10-04

readings = st.builds(
    Reading,
    sensor=st.sampled_from(["a", "boiler", 'quo"ted,', "line\nbreak"]),
    value=st.floats(allow_nan=False, allow_infinity=False),
    time=st.integers(-100, 400).map(lambda hour: MIDNIGHT + hour * 3600.0) | st.floats(0, 1e12),
    stamp=st.sampled_from(["gateway", "gateway", "device", "unsynced"]),
)


def written(batches: list[list[Reading]], rotate: Rotate | None, name: str) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        sink = File(path=Path(folder) / name, rotate=rotate)
        for batch in batches:
            sink.consume(batch)
        sink.close()
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def at(hours: float, value: float = 0.0, by: Literal["gateway", "device"] = "gateway") -> Reading:
    return Reading("t", value, MIDNIGHT + hours * 3600, stamp=by)


def names(*batches: list[Reading], every: float = DAY) -> list[str]:
    return sorted(written(list(batches), Rotate(every=every, compress=False), "r.jsonl"))


@given(
    st.lists(st.lists(readings, max_size=8), max_size=6),
    st.sampled_from([None, 90, 200, 500]),
    st.sampled_from([3600.0, DAY]) | st.none(),
    st.sampled_from(["r.jsonl", "r.csv", "noending"]),
)
def test_pages_do_not_depend_on_batches(
    batches: list[list[Reading]], size: int | None, every: float | None, name: str
) -> None:
    """However the same readings are batched, they fill the same files; no file but the longest line's is too large."""
    rotate = Rotate(size=size, every=every, compress=False) if size or every else None
    together = written([[reading for batch in batches for reading in batch]], rotate, name)
    one_by_one = written([[reading] for batch in batches for reading in batch], rotate, name)
    assert written(batches, rotate, name) == together == one_by_one
    for content in together.values():
        head, row = (1, 2) if name == "r.csv" else (0, 1)
        assert size is None or len(content) <= size or content.count(b"\n") == row
        assert content.count(b"\n") > head


def test_a_page_is_filled_to_the_last_byte(tmp_path: Path) -> None:
    """A line that just fits still goes in; the next begins a new file."""
    line = b'{"sensor":"t","value":1.0,"time":1728000000.0}\n'
    files = written([[at(0, 1.0)] * 5], Rotate(size=2 * len(line), compress=False), "r.jsonl")
    assert files == {
        "r-000001-20241004T000000Z.jsonl": 2 * line,
        "r-000002-20241004T000000Z.jsonl": 2 * line,
        "r.jsonl": line,
    }


def test_a_new_file_each_day() -> None:
    """A day ends with the first reading of a later one; days without readings have no file."""
    assert names([at(1), at(23.9)], [at(24), at(30)], [at(100)]) == [
        "r-000001-20241004T010000Z.jsonl",
        "r-000002-20241005T000000Z.jsonl",
        "r.jsonl",
    ]


def test_a_late_reading_goes_into_the_file_of_the_day() -> None:
    """Time only moves forward: what arrives late does not open an old day again."""
    assert names([at(1, by="device"), at(25, by="device"), at(2, by="device"), at(26, by="device")]) == [
        "r-000001-20241004T010000Z.jsonl",
        "r.jsonl",
    ]


def test_a_device_from_the_future_does_not_turn_pages() -> None:
    """Where the gateway's clock is heard, the devices' clocks do not count."""
    future = at(1e6, by="device")
    assert names([at(1), future, at(2), future, at(25)]) == ["r-000001-20241004T010000Z.jsonl", "r.jsonl"]


def test_the_gateway_mends_what_a_device_from_the_future_did() -> None:
    """A device that was heard first and led into the future is overruled by the gateway's clock, once."""
    future = at(24 * 365, by="device")
    assert names([future, at(1), future, at(2)], [at(25)]) == [
        "r-000001-20251004T000000Z.jsonl",
        "r-000002-20241004T010000Z.jsonl",
        "r.jsonl",
    ]


def test_times_from_before_the_clock_was_set_do_not_count() -> None:
    """A gateway that wakes up in 1970 turns no page for it, and none when the clock is set."""
    dawn = Reading("t", 1.0, 60.0, stamp="unsynced")
    assert names([dawn], [at(1)], [dawn], [at(2)], [at(25)]) == ["r-000001-20241004T010000Z.jsonl", "r.jsonl"]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """Numbers go on after those that are there, compressed or not; a name in the way is an error, not a loss."""
    (tmp_path / "r-000007-undated.jsonl").write_bytes(b"old")
    (tmp_path / "r-000041-20200101T000000Z.jsonl.gz").write_bytes(b"older")
    sink = File(path=tmp_path / "r.jsonl", rotate=Rotate(size=60, compress=False))
    sink.consume([at(0), at(1)])
    assert (tmp_path / "r-000042-20241004T000000Z.jsonl").exists()
    (tmp_path / "r-000043-20241004T000000Z.jsonl").write_bytes(b"in the way")
    before = (tmp_path / "r.jsonl").read_bytes()
    with pytest.raises(FileExistsError, match="r-000043"):
        sink.consume([at(2), at(3)])
    assert (tmp_path / "r.jsonl").read_bytes() == before
    (tmp_path / "r-000043-20241004T000000Z.jsonl").unlink()
    sink.consume([at(2)])
    sink.close()
    assert (tmp_path / "r-000043-20241004T010000Z.jsonl").read_bytes() == before
    assert (tmp_path / "r-000007-undated.jsonl").read_bytes() == b"old"


def test_files_that_only_look_alike_are_left_alone(tmp_path: Path) -> None:
    """A person's own copies beside the file neither count nor vanish."""
    for name in ("r-20240131.jsonl", "r-000005.jsonl", "r-000006-99999999T999999Z.jsonl", "r-000001-undated.csv"):
        (tmp_path / name).touch()
    sink = File(path=tmp_path / "r.jsonl", rotate=Rotate(size=60))
    sink.consume([at(0), at(1)])
    sink.close()
    assert len(list(tmp_path.iterdir())) == 6
    assert list(tmp_path.glob("r-000001-2024*"))


@given(st.floats(0, 253_402_300_798))
def test_the_name_tells_the_second(time: float) -> None:
    """The time in a name reads back, without its fraction."""
    assert unstamp(stamp(time)) == int(time)


def test_undated() -> None:
    """Where no time is known the name says so."""
    assert Begun().time is None
    assert unstamp(stamp(None)) is None
