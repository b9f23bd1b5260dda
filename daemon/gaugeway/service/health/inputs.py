"""What sources were sent and had to leave out: where it is much that is wrong, else it is worth a look."""

from collections.abc import Iterator
from typing import Final

from gaugeway.service.health.phrases import counted
from gaugeway.service.health.report import Complaint, Source

ENOUGH: Final = 5
MOST: Final = 0.5
TOO_MANY: Final = "too many sensors"
"""The engine's word for readings of sensors beyond the bound: those could be read, and no format is at fault."""
KINDS: Final = {"serial": "lines", "mqtt": "messages", "csv": "rows"}
OF_FORMAT: Final = {
    "serial": "is the baud rate right, and does the format fit the lines?",
    "mqtt": "does the format fit the messages?",
    "csv": "does the format fit the columns?",
}
LOOSE: Final = {"serial": "is a cable loose, or does one device send something else?", "csv": "are they damaged?"}
"""What may be wrong where most of what comes can be read."""


def much_left_out(source: Source) -> Iterator[Complaint]:
    """Complain of a source most of whose input was left out."""
    if not _much(source):
        return
    what = KINDS.get(source.type, "inputs")
    if _crowded(source):
        yield _beyond_the_bound(source, what)
        return
    yield Complaint(
        part=f"source {source.name}",
        kind="unreadable",
        message=f"source '{source.name}': {source.rejected_recently:,} of the last {source.came_recently:,} {what} "
        f"could not be read ({counted(source.rejected)})",
        advice=f"{OF_FORMAT.get(source.type, 'does the format fit what comes?')} {_shown_in_logs(source)}",
    )


def some_left_out(source: Source) -> Iterator[Complaint]:
    """Remark on a source some of whose input was left out."""
    if not source.rejected_recently or _much(source):
        return
    if _crowded(source):
        yield _beyond_the_bound(source, "inputs")
        return
    yield Complaint(
        part=f"source {source.name}",
        kind="rejected",
        message=f"source '{source.name}' could not read {source.rejected_recently:,} of the last "
        f"{source.came_recently:,} {KINDS.get(source.type, 'inputs')} ({counted(source.rejected)})",
        advice=f"{LOOSE.get(source.type, 'does one device send something else?')} {_shown_in_logs(source)}",
    )


def _beyond_the_bound(source: Source, what: str) -> Complaint:
    return Complaint(
        part=f"source {source.name}",
        kind="crowded",
        message=f"source '{source.name}' left out {source.rejected_recently:,} of the last {source.came_recently:,} "
        f"{what}: more sensors appear than `limits.max_sensors` allows ({counted(source.rejected)})",
        advice="if they are all meant, `limits: {max_sensors: ...}` lets more appear; if not, name those that are "
        f"under `sensors:`. `gaugeway logs --source {source.name}` has some of the names",
    )


def _much(source: Source) -> bool:
    """Tell whether so much of what came was left out that the fault is ours to name."""
    return source.rejected_recently >= ENOUGH and source.rejected_recently > MOST * source.came_recently


def _crowded(source: Source) -> bool:
    """Tell whether all that was left out is of sensors beyond the bound."""
    return set(source.rejected) == {TOO_MANY}


def _shown_in_logs(source: Source) -> str:
    return f"`gaugeway logs --source {source.name}` shows what came"
