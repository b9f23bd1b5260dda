"""Durations and sizes as people write them: `30s`, `1h 30min`, `10MB`."""

import re
from typing import Final

SECONDS: Final = {
    "ms": 0.001, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0,
    "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0, "w": 604800.0, "week": 604800.0, "weeks": 604800.0,
}  # fmt: skip
SHORT: Final = {0.001: "ms", 1.0: "s", 60.0: "min", 3600.0: "h", 86400.0: "d", 604800.0: "w"}
BYTES: Final = {
    "B": 1, "kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4,
    "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4,
}  # fmt: skip
NUMBER: Final = r"[0-9]{1,15}(?:\.[0-9]{1,9})?"
PART: Final = re.compile(rf"({NUMBER})\s*([A-Za-zµ]*)\s*")


def parts_of(text: str) -> list[tuple[float, str]]:
    """Cut `1h 30min` into (1, "h"), (30, "min"); an empty list where the text is nothing of the sort."""
    found: list[tuple[float, str]] = []
    at = 0
    while at < len(text):
        part = PART.match(text, at)
        if part is None:
            return []
        found.append((float(part[1]), part[2]))
        at = part.end()
    return found


def duration_words(seconds: float) -> str:
    """Write seconds as a person would: `1h 30min`, `0.5s`."""
    if seconds < 1 and seconds and float(seconds * 1000).is_integer():
        return f"{seconds * 1000:g}ms"
    if seconds < 60 or seconds != int(seconds):
        return f"{seconds:g}s"
    words: list[str] = []
    rest = int(seconds)
    for name, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        if count:
            words.append(f"{count}{name}")
    return " ".join(words)


def size_text(size: int) -> str:
    """Write bytes exactly, with the largest unit that goes into them: `64MiB`."""
    units = sorted(BYTES, key=lambda unit: BYTES[unit], reverse=True)
    unit = next((unit for unit in units if size and size % BYTES[unit] == 0), "B")
    return f"{size // BYTES[unit]}{unit}"


def size_words(size: float) -> str:
    """Write bytes as a person would: `64 MB`."""
    for name, length in (("TB", 1000**4), ("GB", 1000**3), ("MB", 1000**2), ("kB", 1000)):
        if size >= length:
            return f"{size / length:.3g} {name}"
    return f"{size:.0f} B"
