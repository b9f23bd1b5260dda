"""What people may tell an alarm, and what they are answered."""

import re
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from gaugeway_sinks.alarms.alarm.alarm import Alarm

LARGEST: Final = 4096
LONGEST_SHELVING: Final = 30 * 86400.0
DURATION: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(s|min|h|d)")
SECONDS: Final = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
SCHEMA: Final = "gaugeway.result/1"
EXAMPLE: Final = '{"cmd": "ack", "occurrence": 17, "by": "ann"}'

Who = Annotated[str, Meta(min_length=1, max_length=64)]


class Command(msgspec.Struct, frozen=True, rename={"for_": "for"}, forbid_unknown_fields=True):
    """One command. `occurrence` names which one is meant; shelving is `for` so long (`8h`, or seconds) or `until` when.

    For a command that may be late, `until` is the better word: it says the same whenever it is read.
    """

    cmd: Literal["ack", "shelve", "unshelve", "out_of_service", "in_service"]
    by: Who
    occurrence: int | None = None
    for_: float | str | None = None
    until: str | None = None
    comment: Annotated[str, Meta(max_length=500)] = ""


class Result(msgspec.Struct, kw_only=True):
    """The outcome: whether it is so now, whether that is news, and if not, why not."""

    schema: str = SCHEMA
    alert: str
    cmd: str | None = None
    ok: bool = False
    changed: bool = False
    occurrence: int | None = None
    by: str | None = None
    comment: str = ""
    error: str | None = None


class RefusedError(Exception):
    """A command is not carried out, for the reason that the message says."""


def read(payload: bytes, *, retained: bool) -> Command:
    """Return the command that a message holds; RefusedError where it holds none."""
    if retained:
        raise RefusedError("a retained command is refused: it would be carried out again after every restart")
    if len(payload) > LARGEST:
        raise RefusedError(f"a command has {LARGEST} bytes at most")
    try:
        command = msgspec.json.decode(payload, type=Command)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(f"this is no command: {error}; write it like {EXAMPLE}") from error
    by = _plain(command.by)
    if not by:
        raise RefusedError("this is no command: 'by' names nobody")
    return msgspec.structs.replace(command, by=by, comment=_plain(command.comment))


def _plain(text: str) -> str:
    """Return a text as one line of what can be seen: it comes to terminals, mails and logs, and must not steer them."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def carry_out(command: Command, alarm: Alarm) -> bool:
    """Do what a command says; tell whether anything is different now. RefusedError where it cannot be done."""
    now = alarm.line.stream.now
    _check_occurrence(command, alarm.standing.occurrence)
    match command.cmd:
        case "ack":
            return alarm.acknowledge(command.by, now)
        case "shelve":
            alarm.shelve(command.by, now + _length(command, alarm.line.stream.wall(now)), now)
            return True
        case "unshelve":
            return alarm.unshelve(now)
        case "out_of_service":
            return alarm.take_out(command.by, now)
        case "in_service":
            return alarm.put_back(now)


def _length(command: Command, wall: float) -> float:
    """Return how long to shelve, when the wall clock shows this; RefusedError where that is no time, or over."""
    if (command.for_ is None) == (command.until is None):
        raise RefusedError('say for how long, {"for": "8h"}, or until when, {"until": "2026-11-21T18:00:00Z"}')
    if command.until is not None:
        total = _moment(command.until) - wall
        if total <= 0:
            raise RefusedError(f"{command.until} is over")
    else:
        total = _parsed(command.for_) if isinstance(command.for_, str) else command.for_ or 0.0
    if not 0 < total <= LONGEST_SHELVING:
        raise RefusedError("shelving lasts for more than 0 s and at most 30 days")
    return total


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise RefusedError(f"'{text}' is no moment: write it like 2026-11-21T18:00:00Z")
    return moment.timestamp()


def _parsed(text: str) -> float:
    total, at = 0.0, 0
    while match := DURATION.match(text, at):
        total += float(match[1]) * SECONDS[match[2]]
        at = match.end()
    if text[at:].strip():
        raise RefusedError(f"'{text}' is no duration: write it like 30min or 8h")
    return total


def _check_occurrence(command: Command, present: int) -> None:
    named = command.occurrence
    if named is None and command.cmd == "ack":
        raise RefusedError(f'an acknowledgement names its occurrence; for the present one add "occurrence": {present}')
    if named is not None and named < present:
        raise RefusedError(f"occurrence {named} is over; the present one is {present}")
    if named is not None and named > present:
        raise RefusedError(f"there is no occurrence {named} yet; the last one is {present}")
