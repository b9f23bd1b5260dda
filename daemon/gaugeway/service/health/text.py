"""The health of a gateway as a text for people: what is wrong comes first, and nothing is wider than the terminal."""

from collections.abc import Iterator, Sequence
from textwrap import fill
from typing import Final

from gaugeway.service.health.phrases import amount, counted, cut, length, moment, number, plain, size
from gaugeway.service.health.report import Complaint, Report, Sensor, Sink, Source, Stage

RED, GREEN, YELLOW, DIM, BOLD, PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
NARROWEST: Final = 40
MOST_SENSORS: Final = 60
MOST_COMPLAINTS: Final = 20
TROUBLE: Final = frozenset({"waiting", "failed", "hangs", "stale", "garbled", "bad"})

Row = Sequence[str]


def as_text(report: Report, *, color: bool = False, width: int = 80) -> str:
    """Return the report as lines of at most so many columns."""
    paint = Painter(max(NARROWEST, width), color=color)
    lines = [*_head(report, paint), *_complaints(report, paint)]
    lines += paint.table(("source", "state", "since", "readings", "per s", "left out"), map(_of_source, report.sources))
    shown = sorted(report.sensors, key=lambda sensor: not sensor.stale)[:MOST_SENSORS]
    lines += paint.table(("sensor", "value", "unit", "quality", "age", "per s"), map(_of_sensor, shown))
    if len(report.sensors) > len(shown):
        lines.append(f"... and {len(report.sensors) - len(shown):,} more; `gaugeway health --json` has them all")
    lines += paint.table(("stage", "passed", "dropped", "failed", "cost"), map(_of_stage, report.stages))
    lines += paint.table(("sink", "state", "since", "taken", "waiting", "lost", "failed"), map(_of_sink, report.sinks))
    return "\n".join([*lines, "", *_foot(report)])


class Painter:
    """Lays out lines for a terminal of some width, with colours or without."""

    def __init__(self, width: int, *, color: bool) -> None:
        self._width = width
        self._color = color

    def dyed(self, text: str, dye: str) -> str:
        """Return a text in a colour, if there are any."""
        return f"{dye}{text}{PLAIN}" if self._color and text else text

    def wrapped(self, text: str, first: str, others: str, dye: str = "") -> Iterator[str]:
        """Yield a text in lines of the right width."""
        whole = fill(plain(text), self._width, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)
        return (self.dyed(line, dye) for line in whole.split("\n"))

    def table(self, head: Row, rows: Iterator[Row]) -> Iterator[str]:
        """Yield a table, the first column on the left and the last one with what room there is; nothing if empty."""
        body = [list(row) for row in rows]
        if not body:
            return
        columns = list(zip(head, *body, strict=True))
        widths = [min(24, max(map(len, column))) for column in columns]
        last = max(8, self._width - sum(widths[:-1]) - 2 * (len(widths) - 1))
        widths[-1] = min(max(map(len, columns[-1])), last)
        yield ""
        yield self.dyed(cut(_row(head, widths), self._width), DIM)
        for row in body:
            yield self.dyed(cut(_row(row, widths), self._width), RED if TROUBLE.intersection(row) else "")


def _row(cells: Row, widths: Sequence[int]) -> str:
    laid = [_cell(cell, width, index) for index, (cell, width) in enumerate(zip(cells, widths, strict=True))]
    return "  ".join(laid).rstrip()


def _cell(text: str, width: int, index: int) -> str:
    text = cut(plain(text), width)
    return text.rjust(width) if index and text[:1] in "0123456789-." else text.ljust(width)


def _head(report: Report, paint: Painter) -> Iterator[str]:
    process = report.process
    verdict = paint.dyed("well", GREEN) if not report.complaints else paint.dyed("UNWELL", RED)
    yield f"{paint.dyed(process.node, BOLD)} is {verdict}: {report.summary}"
    used = 100 * process.cpu / process.uptime if process.uptime else 0.0
    parts = (
        f"gaugeway {process.version}",
        f"process {process.pid}",
        f"up {length(process.uptime)}",
        size(process.memory) if process.memory else "",
        f"{used:.1f} % of a core",
        number(process.threads, "thread"),
    )
    yield from paint.wrapped(" · ".join(filter(None, parts)), "", "", DIM)


def _complaints(report: Report, paint: Painter) -> Iterator[str]:
    for mark, dye, found in (("!", RED, report.complaints), ("-", YELLOW, report.remarks)):
        if found:
            yield ""
        for complaint in found[:MOST_COMPLAINTS]:
            yield from _complaint(complaint, paint, mark, dye)
        if len(found) > MOST_COMPLAINTS:
            yield f"{mark} ... and {len(found) - MOST_COMPLAINTS} more; `gaugeway health --json` has them all"


def _complaint(complaint: Complaint, paint: Painter, mark: str, dye: str) -> Iterator[str]:
    yield from paint.wrapped(complaint.message, f"{mark} ", "  ", dye)
    if complaint.advice:
        yield from paint.wrapped(complaint.advice, "  > ", "    ")


def _of_source(source: Source) -> Row:
    state = "hangs" if source.hangs else source.state
    left_out = counted(source.rejected)
    return (source.name, state, moment(source.since), f"{source.readings:,}", _rate(source.rate), left_out)


def _of_sensor(sensor: Sensor) -> Row:
    quality = "stale" if sensor.stale else "garbled" if sensor.garbled else sensor.quality
    value = amount(sensor.value) if sensor.value is not None else "nothing"
    age = length(sensor.age) if sensor.age is not None else ""
    return (sensor.name, value, sensor.unit, quality, age, _rate(sensor.rate))


def _of_stage(stage: Stage) -> Row:
    name = f"{stage.source}/{stage.name}"
    if not stage.on:
        return (name, "off", f"flag {stage.flag}", "", "")
    cost = f"{stage.nanoseconds / 1000:.2f} µs" if stage.nanoseconds else ""
    return (name, f"{stage.passed:,}", counted(stage.dropped), f"{stage.failed:,}" if stage.failed else "", cost)


def _of_sink(sink: Sink) -> Row:
    waiting = sink.backlog + (sink.outbox.waiting if sink.outbox else 0)
    lost = counted(sink.dropped)
    if sink.outbox and (gone := sink.outbox.dropped + sink.outbox.left_out):
        lost = ", ".join(filter(None, (lost, f"{gone:,} from its outbox")))
    failed = f"{sink.failed:,}" if sink.failed else ""
    return (sink.name, sink.state, moment(sink.since), f"{sink.taken:,}", f"{waiting:,}", lost, failed)


def _foot(report: Report) -> Iterator[str]:
    disk, clock = report.disk, {True: "set", False: "NOT SET", None: "perhaps not set"}[report.clock.set]
    if disk is not None:
        yield plain(f"disk {size(disk.free)} of {size(disk.size)} free, {disk.folder}")
    yield f"clock {moment(report.clock.now)}, {clock}"
    yield plain(f"config {report.process.config}")
    flags = [f"{name} {'on' if on else 'off'}" for name, on in report.flags.items()]
    if flags:
        yield f"flags {', '.join(flags)}"
    if report.journals:
        used, most = sum(journal.used for journal in report.journals), sum(journal.size for journal in report.journals)
        yield f"journals {size(used)} of at most {size(most)}"
    if report.http is not None and report.http.state == "running":
        yield f"http {report.http.listen}"
    if report.checkpoints is not None:
        yield f"checkpoints {report.checkpoints.taken:,}"


def _rate(rate: float) -> str:
    return f"{rate:.2f}" if rate < 10 else f"{rate:,.0f}"
