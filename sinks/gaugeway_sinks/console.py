"""Shows readings on the terminal."""

import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta

from gaugeway import Quality, Reading, logger
from gaugeway_sinks.lines import JsonLines

COLOURS: Final[dict[Quality, str]] = {"good": "", "uncertain": "\x1b[33m", "bad": "\x1b[31m", "stale": "\x1b[2m"}
PLAIN: Final = "\x1b[0m"

log = logger(__name__)


class Console:
    """Prints one line a reading to standard output, coloured by quality where a person looks on.

    When nobody reads any more (`gaugeway run ... | head`) it falls silent; the other sinks go on. In the background,
    where nobody looks on, it says nothing.
    """

    def __init__(
        self,
        *,
        format: Annotated[
            Literal["text", "jsonl"], Meta(description="Lines for people, or one JSON object a reading.")
        ] = "text",
    ) -> None:
        self._json = JsonLines() if format == "jsonl" else None
        self._silent = False

    def consume(self, stream: Iterable[Reading]) -> None:
        """Print a batch."""
        if self._silent:
            return
        batch = list(stream)
        try:
            # Looked up each time: standard output may have been put somewhere else meanwhile.
            out = sys.stdout
            text = self._json.encode(batch).decode() if self._json else _text(batch, coloured=_coloured())
            encoding = out.encoding or "utf-8"
            out.write(text.encode(encoding, "replace").decode(encoding))
            out.flush()
        except BrokenPipeError:
            self._fall_silent()

    def _fall_silent(self) -> None:
        self._silent = True
        log.info("nobody reads standard output any more: the console falls silent")
        # What is still buffered would fail once more when the process ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, sys.stdout.fileno())
        finally:
            os.close(nowhere)


def line(reading: Reading) -> str:
    """Return a reading as a line for people: local time, sensor, value, and what else there is to say of it."""
    parts = [
        f"{_clock(reading.time)}  {_shown(reading.sensor):<20} {_number(reading.value):>10} {_shown(reading.unit)}"
    ]
    if reading.average is not None:
        parts.append(f"average {_number(reading.average)}")
    if reading.normal is not None:
        parts.append(f"normal {_number(reading.normal)}")
    parts.extend(f"{_shown(name)} {_number(value)}" for name, value in (reading.more or {}).items())
    if reading.quality != "good":
        parts.append(reading.quality)
    return "  ".join(parts).rstrip()


def _text(batch: Sequence[Reading], *, coloured: bool) -> str:
    lines: list[str] = []
    for reading in batch:
        colour = COLOURS[reading.quality] if coloured else ""
        lines.append(f"{colour}{line(reading)}{PLAIN}\n" if colour else f"{line(reading)}\n")
    return "".join(lines)


def _coloured() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _clock(moment: float) -> str:
    try:
        second, milli = divmod(round(moment * 1000), 1000)
        return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(second))}.{milli:03d}"
    except (ValueError, OverflowError, OSError):
        return repr(moment)  # a time that no calendar has


def _number(value: float) -> str:
    text = f"{value:.6g}"
    return f"{value:.0f}" if "e+" in text and abs(value) < 1e15 else text  # a meter's reading is written out


def _shown(text: str) -> str:
    # A sensor may be named by whoever may publish: its name must not move the cursor.
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
