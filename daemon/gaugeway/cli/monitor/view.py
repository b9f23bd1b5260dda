"""What the monitor shows: in one screen of any size, the worst first."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final

from gaugeway.cli.monitor.history import LEVELS, PLAIN_LEVELS, History
from gaugeway.service.health.phrases import amount, cut, length, moment, plain, size
from gaugeway.service.health.report import Report, Sensor, Sink, Source

RED, GREEN, YELLOW, DIM, BOLD, PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
COMPLAINTS: Final = 4
PARTS: Final = 4
NAME: Final = 18
FIXED: Final = NAME + 1 + 10 + 1 + 6 + 1 + 1 + 8 + 1 + 8
KEYS: Final = "q quit   up/down scroll"

Line = tuple[str, str]


class View:
    """Lays out the last report for a terminal."""

    def __init__(self) -> None:
        self._report: Report | None = None
        self._trouble = ""
        self._history = History()
        self._offset = 0
        self._levels = LEVELS if (sys.stdout.encoding or "").lower().startswith("utf") else PLAIN_LEVELS
        self._color = "NO_COLOR" not in os.environ

    def take(self, report: Report) -> None:
        """Go on with a new report."""
        self._report, self._trouble = report, ""
        self._history.note(report)

    def lose(self, words: str) -> None:
        """Go on without one, because the gateway does not answer."""
        if not self._trouble:
            self._trouble = f"no answer since {moment(time.time())}: {words}"

    def scroll(self, by: int) -> None:
        """Go down by so many sensors, or up."""
        self._offset = max(0, self._offset + by)

    def lines(self, columns: int, rows: int) -> list[str]:
        """Return as many lines as there is room for, none wider than the terminal."""
        if self._report is None:
            return [self._dyed((self._trouble, RED), columns)]
        above = [*_head(self._report, self._trouble), *_complaints(self._report)]
        below = [("", ""), *_parts(self._report), (KEYS, DIM)]
        room = max(1, rows - len(above) - len(below) - 1)
        return [self._dyed(line, columns) for line in [*above, *self._sensors(columns, room), *below][:rows]]

    def _sensors(self, columns: int, room: int) -> Iterator[Line]:
        """Yield a line for each sensor in sight."""
        sensors = self._report.sensors if self._report else ()
        self._offset = min(self._offset, max(0, len(sensors) - room))
        spark = max(4, columns - FIXED)
        more = f" {self._offset + 1}-{min(len(sensors), self._offset + room)} of {len(sensors)}" if self._offset else ""
        yield f"{'sensor' + more:<{NAME}} {'value':>10} {'unit':<6} {'course':<{spark}} {'age':>8} {'per s':>8}", DIM
        for sensor in sensors[self._offset : self._offset + room]:
            yield _row(sensor, self._history.sparkline(sensor.source, sensor.name, spark, self._levels)), _dye(sensor)

    def _dyed(self, line: Line, columns: int) -> str:
        text, dye = line
        text = cut(text, columns)
        return f"{dye}{text}{PLAIN}" if dye and self._color else text


def _head(report: Report, trouble: str) -> Iterator[Line]:
    process = report.process
    state = "well" if report.state == "well" else "UNWELL"
    about = f"up {length(process.uptime)}, {size(process.memory)}, {moment(report.clock.now)}"
    yield f"{process.node} is {state}: {report.summary}   ({about})", BOLD if report.state == "well" else RED
    if trouble:
        yield trouble, RED


def _complaints(report: Report) -> Iterator[Line]:
    found = [(f"! {complaint.message}", RED) for complaint in report.complaints]
    found += [(f"- {remark.message}", YELLOW) for remark in report.remarks]
    yield from found[:COMPLAINTS]
    if len(found) > COMPLAINTS:
        yield f"  and {len(found) - COMPLAINTS} more: `gaugeway health`", DIM
    yield "", ""


def _row(sensor: Sensor, course: str) -> str:
    value = "nothing" if sensor.value is None else amount(sensor.value)
    age = length(sensor.age) if sensor.age is not None else ""
    name = cut(plain(sensor.name), NAME)
    return f"{name:<{NAME}} {value:>10} {sensor.unit:<6} {course} {age:>8} {sensor.rate:>8.3g}"


def _dye(sensor: Sensor) -> str:
    if sensor.stale or sensor.quality == "bad":
        return RED
    return YELLOW if sensor.value is None or sensor.quality != "good" else ""


def _parts(report: Report) -> Iterator[Line]:
    """Yield a line for each source and sink, those with trouble first."""
    lines = [*map(_source, report.sources), *map(_sink, report.sinks)]
    lines.sort(key=lambda line: not line[1])
    yield from lines[: 2 * PARTS]


def _source(source: Source) -> Line:
    state = "hangs" if source.hangs else source.state
    left_out = sum(source.rejected.values())
    notes = f"{source.readings:,} readings, {source.rate:.3g} per s" + (f", {left_out:,} left out" if left_out else "")
    return f"source {source.name:<{NAME}} {state:<8} {notes}", RED if state in ("hangs", "waiting", "failed") else ""


def _sink(sink: Sink) -> Line:
    lost, waiting = sum(sink.dropped.values()), sink.backlog + (sink.outbox.waiting if sink.outbox else 0)
    notes: Sequence[str] = (
        f"{sink.taken:,} taken",
        f"{waiting:,} waiting" if waiting else "",
        f"{lost:,} lost" if lost else "",
    )
    bad = sink.state in ("waiting", "failed")
    return f"sink   {sink.name:<{NAME}} {sink.state:<8} {', '.join(filter(None, notes))}", RED if bad else ""
