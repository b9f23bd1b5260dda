"""The file sink: what it writes, what it continues, what it notices."""

import json
import logging
import os
from pathlib import Path

import pytest

from gaugeway import ConfigError, DeviceError, Reading, Tick
from gaugeway_sinks.file import File
from gaugeway_sinks.file.retention import Keep
from gaugeway_sinks.file.rotation import Rotate


def readings(*values: float) -> list[Reading]:
    return [Reading("boiler", float(value), 1735689600.0 + value) for value in values]


def values(path: Path) -> list[float]:
    return [json.loads(line)["value"] for line in path.read_text().splitlines()]


def test_writes_lines_and_makes_the_folders(tmp_path: Path) -> None:
    """Each batch is in the file when `consume` returns; nothing is there before the first."""
    path = tmp_path / "deep" / "down" / "readings.jsonl"
    sink = File(path=path)
    assert not path.parent.exists()
    sink.consume(readings(1, 2))
    assert values(path) == [1, 2]
    sink.consume(iter(readings(3)))
    assert values(path) == [1, 2, 3]
    sink.close()


def test_goes_on_where_it_ended(tmp_path: Path) -> None:
    """A second run adds to the file of the first."""
    for value in (1, 2):
        sink = File(path=tmp_path / "readings.jsonl")
        sink.consume(readings(value))
        sink.close()
    assert values(tmp_path / "readings.jsonl") == [1, 2]


@pytest.mark.parametrize("torn", [b'{"sensor":"boi', b"\0" * 100_000, b'{"sensor":"x"}\n{'])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, torn: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """What a crash left behind the last newline goes, whole lines stay, and the log says how much it was."""
    path = tmp_path / "readings.jsonl"
    path.write_bytes(b'{"value":1}\n' + torn)
    whole = path.read_bytes().rpartition(b"\n")[0] + b"\n"
    sink = File(path=path)
    with caplog.at_level(logging.WARNING):
        sink.consume(readings(2))
    sink.close()
    assert path.read_bytes().startswith(whole)
    assert [json.loads(line) for line in path.read_text().splitlines()][-1]["value"] == 2
    assert caplog.records[0].__dict__["facts"]["bytes"] == len(torn.rpartition(b"\n")[2])


def test_a_file_of_something_else_is_put_away(tmp_path: Path) -> None:
    """Rows are never written under the header of other columns, and the old file keeps every byte."""
    path = tmp_path / "readings.csv"
    path.write_bytes(b"time,sensor\n1,a\n2,torn")
    sink = File(path=path, columns=["sensor", "value"])
    sink.consume(readings(3))
    sink.close()
    assert path.read_bytes() == b"sensor,value\nboiler,3.0\n"
    assert (tmp_path / "readings-000001-undated.csv").read_bytes() == b"time,sensor\n1,a\n2,torn"


def test_csv_has_one_header(tmp_path: Path) -> None:
    """The path's ending chooses CSV; a second run adds rows, not a header, and a torn header is written anew."""
    path = tmp_path / "readings.csv"
    path.write_bytes(b"sensor,val")
    for value in (1, 2):
        sink = File(path=path, columns=["sensor", "value"])
        sink.consume(readings(value))
        sink.close()
    assert path.read_bytes() == b"sensor,value\nboiler,1.0\nboiler,2.0\n"


def test_times_and_format_can_be_chosen(tmp_path: Path) -> None:
    """`format` counts for more than the path's ending, and both formats write both kinds of times."""
    for path, sink in {
        "a.txt": File(path=tmp_path / "a.txt", format="csv", columns=["time"], times="epoch"),
        "b.csv": File(path=tmp_path / "b.csv", format="jsonl", times="iso"),
    }.items():
        sink.consume(readings(1))
        sink.close()
        assert (tmp_path / path).exists()
    assert (tmp_path / "a.txt").read_bytes() == b"time\n1735689601.0\n"
    assert json.loads((tmp_path / "b.csv").read_text())["time"] == "2025-01-01T00:00:01.000000Z"


@pytest.mark.parametrize("notice", ["tick", "flush", "position"])
@pytest.mark.parametrize("deed", ["move", "remove", "truncate", "replace"])
def test_somebody_else_takes_the_file(tmp_path: Path, deed: str, notice: str) -> None:
    """After logrotate or a person had the file, the readings that come next are at the path again."""
    path = tmp_path / "readings.jsonl"
    sink = File(path=path)
    sink.consume(readings(1))
    sink.tick(Tick(100.0))
    match deed:
        case "move":
            path.rename(tmp_path / "readings.jsonl.1")
        case "remove":
            path.unlink()
        case "truncate":
            path.write_bytes(b"")
        case _:
            (tmp_path / "other").write_bytes(b'{"value":0}\n{"torn')
            (tmp_path / "other").replace(path)
    match notice:
        case "tick":
            sink.tick(Tick(101.0))
        case "flush":
            sink.flush()
        case _:
            sink.position()
    sink.consume(readings(2))
    sink.close()
    assert values(path) == ([0, 2] if deed == "replace" else [2])
    if deed == "move":
        assert values(tmp_path / "readings.jsonl.1") == [1]


def test_looks_only_once_a_second(tmp_path: Path) -> None:
    """Between two looks readings go where the file went: nothing is lost to a rename."""
    path = tmp_path / "readings.jsonl"
    sink = File(path=path)
    sink.tick(Tick(99.0))
    sink.consume(readings(1))
    sink.tick(Tick(100.0))
    path.rename(tmp_path / "moved")
    sink.tick(Tick(100.9))
    sink.consume(readings(2))
    sink.close()
    assert values(tmp_path / "moved") == [1, 2]
    assert not path.exists()


def test_no_readings_no_file(tmp_path: Path) -> None:
    """A sink that was never used leaves nothing behind."""
    sink = File(path=tmp_path / "readings.jsonl", rotate=Rotate(size=100))
    sink.consume([])
    sink.tick(Tick(5.0))
    sink.flush()
    sink.close()
    assert list(tmp_path.iterdir()) == []


def test_options_that_cannot_be(tmp_path: Path) -> None:
    """What the annotations cannot say is said in plain words."""
    path = tmp_path / "a"
    with pytest.raises(ConfigError, match="is no file"):
        File(path=tmp_path)
    with pytest.raises(ConfigError, match="format: csv"):
        File(path=path, columns=["value"])
    with pytest.raises(ConfigError, match="'size'"):
        File(path=path, rotate=Rotate())
    with pytest.raises(ConfigError, match="'rotate'"):
        File(path=path, keep=Keep(files=1))
    with pytest.raises(ConfigError, match="'files'"):
        File(path=path, rotate=Rotate(size=1), keep=Keep())


def test_what_is_no_ordinary_file_is_not_written_to(tmp_path: Path) -> None:
    """A pipe put in its place would swallow readings; they wait until it is gone."""
    sink = File(path=tmp_path / "r.jsonl")
    os.mkfifo(tmp_path / "r.jsonl")
    for _ in range(2):
        with pytest.raises(DeviceError, match="is no ordinary file"):
            sink.consume(readings(1))
    (tmp_path / "r.jsonl").unlink()
    sink.consume(readings(1))
    sink.close()
    assert values(tmp_path / "r.jsonl") == [1]
