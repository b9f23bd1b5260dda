"""Numbers, times and lists as an operator reads them."""

import time
from collections.abc import Iterable, Mapping
from typing import Final

DAY: Final = 86400.0
NAMED: Final = 3


def length(seconds: float) -> str:
    """Say how long something is: `0.4 s`, `45 s`, `12 min`, `3 h 20 min`, `5 d`."""
    if seconds < 1:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if seconds < 2 * DAY:
        hours, rest = divmod(round(seconds / 60), 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{seconds / DAY:.0f} d"


def moment(at: float) -> str:
    """Say when something was: the time alone for what was today."""
    local = time.localtime(at)
    today = time.localtime()[:3] == local[:3]
    return time.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S", local)


def size(count: float) -> str:
    """Say how many bytes: `23 MB`."""
    for name, unit in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count:.0f} B"


def number(count: int, one: str, many: str = "") -> str:
    """Say how many of a thing: `1 sensor`, `12,345 readings`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def amount(value: float) -> str:
    """Say how much was measured, in six digits; what is larger is written out, as on a meter: `12345678`."""
    text = f"{value:.6g}"
    return f"{value:.0f}" if "e+" in text and abs(value) < 1e15 else text


def counted(counts: Mapping[str, int]) -> str:
    """Say how many for each reason: `3 crc, 1 too long`."""
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.items())


def names(all_names: Iterable[str]) -> str:
    """Name a few, and say how many more there are."""
    listed = list(all_names)
    shown, more = listed[:NAMED], len(listed) - NAMED
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def plain(text: str) -> str:
    """Return a text in one line, with nothing in it that a terminal would obey."""
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(one if one.isprintable() else "?" for one in line)


def cut(text: str, width: int) -> str:
    """Return a text that is no wider than that, and shows where it was cut."""
    return text if len(text) <= width else text[: width - 1] + "…"
