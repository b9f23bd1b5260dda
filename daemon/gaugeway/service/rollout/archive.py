"""The readings that the file sinks of a configuration have kept as JSON lines, in their present and rotated files."""

import gzip
import re
import zlib
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, cast

import msgspec

from gaugeway.plan import Plan
from gaugeway.reading import Reading

NUMBER: Final = r"-(\d{6,})-(?:undated|\d{8}T\d{6}Z)"
FIELDS: Final = frozenset(Reading.__struct_fields__)
DAY: Final = 86400.0


def recorded(plan: Plan, days: float, most: int) -> list[Reading]:
    """Return the latest readings, so many days and so many at most, in the order of their times, each once."""
    found: dict[tuple[str, float], Reading] = {}
    for use in plan.sinks:
        path = use.options.get("path")
        if use.type == "file" and isinstance(path, Path) and _is_lines(path, use.options.get("format")):
            found.update(((reading.sensor, reading.time), reading) for reading in _latest(path, most))
    ordered = sorted(found.values(), key=lambda reading: reading.time)[-most:]
    since = ordered[-1].time - days * DAY if ordered else 0.0
    return [reading for reading in ordered if reading.time >= since]


def _is_lines(path: Path, form: object) -> bool:
    return (form or ("csv" if path.suffix == ".csv" else "jsonl")) == "jsonl"


def _latest(path: Path, most: int) -> list[Reading]:
    """Return the last readings, going back from the present file as far as it takes."""
    found: list[Reading] = []
    for file in _files(path):
        found = [*deque(_readings(file), most - len(found)), *found]
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


def _readings(file: Path) -> Iterator[Reading]:
    """Yield the readings of a file; what is torn or damaged is passed over."""
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            for line in lines:
                try:
                    yield _reading(msgspec.json.decode(line, type=dict[str, object]))
                except (ValueError, TypeError):
                    continue
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return


def _reading(line: dict[str, object]) -> Reading:
    if isinstance(line.get("time"), str):
        line["time"] = datetime.fromisoformat(cast("str", line["time"])).timestamp()
    results = {
        name: float(value) for name, value in line.items() if name not in FIELDS and isinstance(value, int | float)
    }
    reading = msgspec.convert(line, Reading)
    reading.more = results or None
    return reading
