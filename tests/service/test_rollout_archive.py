"""The readings that file sinks have kept are found again, whatever form they were kept in."""

import gzip
from pathlib import Path

import pytest

from gaugeway import Reading
from gaugeway.config import load
from gaugeway.service.rollout.archive import recorded
from gaugeway_sinks.lines import JsonLines
from gaugeway_sinks.rows import CsvRows

NOON = 1_767_268_800.0
KEPT = [Reading("t", 20.0 + number, NOON + number, "°C", average=19.5) for number in range(6)]
KEPT[3].put("spread", 0.25)


def archive(folder: Path, name: str, options: str = "") -> list[Reading]:
    """Return what is found of the file sink of this name."""
    file = folder / "gateway.yaml"
    file.write_text(
        "sources: {s: {type: synthetic, sensors: {t: {unit: °C}}}}\n"
        f"sinks: {{archive: {{type: file, path: {name}{options}}}}}\n"
    )
    return recorded(load(file), 7, 1000)


@pytest.mark.parametrize("iso", [True, False])
def test_csv_is_read_back_present_rotated_and_compressed(tmp_path: Path, iso: bool) -> None:
    rows = CsvRows(("sensor", "time", "value", "unit", "quality", "average", "spread"), iso=iso)
    pages = [rows.head + rows.encode(KEPT[start : start + 2]) for start in (0, 2, 4)]
    (tmp_path / "out-000001-20260101T120000Z.csv.gz").write_bytes(gzip.compress(pages[0]))
    (tmp_path / "out-000002-20260101T120002Z.csv").write_bytes(pages[1])
    (tmp_path / "out.csv").write_bytes(pages[2] + b"t,2026-01-01T12:00:09Z,3")
    found = archive(tmp_path, "out.csv")
    assert found == KEPT
    assert found[3].get("spread") == 0.25


def test_json_lines_are_read_back_compressed(tmp_path: Path) -> None:
    lines = JsonLines(iso=True)
    (tmp_path / "out-000001-20260101T120000Z.jsonl.gz").write_bytes(gzip.compress(lines.encode(KEPT[:3])))
    (tmp_path / "out.jsonl").write_bytes(lines.encode(KEPT[3:]) + b'{"sensor":"t","value":3')
    assert archive(tmp_path, "out.jsonl") == KEPT


def test_what_is_damaged_is_passed_over(tmp_path: Path) -> None:
    """A row without a value, one with too many cells, one that is no time, bytes that are no text, half an archive."""
    rows = b"sensor,time,value\nt,1767268800,\nt,1767268801,21.0,9\nt,soon,22.0\n\xff\xfe,1,1\nt,1767268803,23.0\n"
    (tmp_path / "out.csv").write_bytes(rows)
    (tmp_path / "out-000001-undated.csv.gz").write_bytes(gzip.compress(rows * 100)[:-20])
    assert [reading.value for reading in archive(tmp_path, "out.csv") if reading.sensor == "t"] == [21.0, 23.0]


def test_a_form_that_the_name_does_not_tell_is_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_bytes(b"sensor,time,value\nt,1767268800,21.0\n")
    assert [reading.value for reading in archive(tmp_path, "out.txt", ", format: csv")] == [21.0]
