"""The readings that the file sinks of a configuration have kept, in their present and rotated files."""

import csv
import gzip
import re
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, cast

import msgspec

from gaugeway.plan import Plan
from gaugeway.reading import Reading

NUMBER: Final = r"-(\d{6,})-(?:undated|\d{8}T\d{6}Z)"
FIELDS: Final = frozenset(Reading.__struct_fields__)
DAY: Final = 86400.0
TEXTS: Final = frozenset({"sensor", "unit", "quality", "stamp"})
Read = Callable[[Iterator[bytes]], Iterator[Reading]]


def recorded(plan: Plan, days: float, most: int) -> list[Reading]:
    """Return the latest readings, so many days and so many at most, in the order of their times, each once."""
    found: dict[tuple[str, float], Reading] = {}
    for use in plan.sinks:
        path = use.options.get("path")
        if use.type == "file" and isinstance(path, Path):
            read = _rows if _is_csv(path, use.options.get("format")) else _lines
            found.update(((reading.sensor, reading.time), reading) for reading in _latest(path, most, read))
    ordered = sorted(found.values(), key=lambda reading: reading.time)[-most:]
    since = ordered[-1].time - days * DAY if ordered else 0.0
    return [reading for reading in ordered if reading.time >= since]


def _is_csv(path: Path, form: object) -> bool:
    return (form or ("csv" if path.suffix == ".csv" else "jsonl")) == "csv"


def _latest(path: Path, most: int, read: Read) -> list[Reading]:
    """Return the last readings, going back from the present file as far as it takes."""
    found: list[Reading] = []
    for file in _files(path):
        found = [*deque(_readings(file, read), most - len(found)), *found]
        if len(found) >= most:
            break
    return found


def _files(path: Path) -> list[Path]:
    """Return the files, the present one first, then the rotated ones from the youngest to the oldest."""
    if not path.parent.is_dir():
        return []
    name = re.compile(re.escape(path.stem) + NUMBER + re.escape(path.suffix) + r"(\.gz)?")
    numbered = [(int(match[1]), file) for file in path.parent.iterdir() if (match := name.fullmatch(file.name))]
    rotated = dict(sorted(numbered, key=lambda one: (one[0], one[1].suffix != ".gz")))
    return [*([path] if path.is_file() else []), *reversed(rotated.values())]


def _readings(file: Path, read: Read) -> Iterator[Reading]:
    """Yield the readings of a file; what is torn or damaged is passed over."""
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            yield from read(line for line in lines if line.endswith(b"\n"))
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return


def _lines(lines: Iterator[bytes]) -> Iterator[Reading]:
    """Yield the readings of JSON lines."""
    for line in lines:
        try:
            yield _reading(msgspec.json.decode(line, type=dict[str, object]))
        except (ValueError, TypeError):
            continue


def _rows(lines: Iterator[bytes]) -> Iterator[Reading]:
    """Yield the readings of rows, of which the first names the columns; an empty cell says nothing."""
    for row in csv.DictReader(line.decode(errors="replace") for line in lines):
        cells: Mapping[str | None, object] = row
        said = {name: cell for name, cell in cells.items() if name and isinstance(cell, str) and cell}
        try:
            yield _reading({name: cell if name in TEXTS else _number(cell) for name, cell in said.items()})
        except (ValueError, TypeError):
            continue


def _number(cell: str) -> float | str:
    """Return what a cell holds: a number, or a time as text."""
    try:
        return float(cell)
    except ValueError:
        return cell


def _reading(line: dict[str, object]) -> Reading:
    if isinstance(line.get("time"), str):
        line["time"] = datetime.fromisoformat(cast("str", line["time"])).timestamp()
    results = {
        name: float(value) for name, value in line.items() if name not in FIELDS and isinstance(value, int | float)
    }
    reading = msgspec.convert(line, Reading)
    reading.more = results or None
    return reading
