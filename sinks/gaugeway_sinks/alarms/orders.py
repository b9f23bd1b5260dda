"""Commands on their way: they come on the threads of others and are carried out between two readings."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from gaugeway import Clock, logger
from gaugeway_sinks.alarms.alarm.alarm import Alarm
from gaugeway_sinks.alarms.alarm.command import RefusedError, Result, carry_out, read
from gaugeway_sinks.alarms.panel.panel import Panel
from gaugeway_sinks.alarms.papers.book import Book, Entry

log = logger(__name__)

MOST: Final = 1000
ENDING: Final = "the gateway was just stopping, or going over to another configuration: say it again"
Reply = Callable[[Result], None]
Sees = Callable[[Alarm], bool]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A command for the alarm called `key`, and who is to be told what came of it.

    `until`, by the clock that nobody sets, is when nobody waits for it any more. `sees` says for whom the alarm exists.
    """

    key: str
    payload: bytes
    reply: Reply
    retained: bool = False
    until: float | None = None
    sees: Sees | None = None


class Orders:
    """Takes commands from any thread, and carries them out when it is told to, as long as some are `waiting`.

    `number` counts those that were written down; what a restart finds beyond the number that it remembers was carried
    out after the last checkpoint, and is carried out again in its place among the readings.
    """

    def __init__(self, book: Book) -> None:
        self.waiting = False
        self.unsaved = False
        self.number = 0
        self._book = book
        self._inbox: deque[Order] = deque()
        self._door = threading.Lock()
        self._closed = False
        self._again: list[Entry] = []

    def take(self, order: Order) -> None:
        """Take one in; more than a thousand that wait are a fault of the sender's."""
        with self._door:
            refusal = ENDING if self._closed else "too many commands at once" if len(self._inbox) >= MOST else ""
            if not refusal:
                self._inbox.append(order)
                self.waiting = True
        if refusal:
            order.reply(Result(alert=order.key, error=refusal))

    def close(self) -> None:
        """Carry out no more: who still waits is told so, and who comes later."""
        with self._door:
            self._closed = True
        for order in self._asked():
            order.reply(Result(alert=order.key, error=ENDING))

    def resume(self, number: int) -> None:
        """Go on after this one, which is the last that the panel knows of."""
        self._again = self._book.since(number)
        self.waiting = True
        self.number = max([number, *(entry.number for entry in self._again)])

    def carry_out(self, panel: Panel, clock: Clock, answer: Callable[[str, Result], None]) -> None:
        """Do what was asked for, and answer; `answer` is for those to whom nobody can say any more what came of it."""
        for entry in self._due(panel, clock):
            result = _outcome(entry.key, entry.payload, panel)
            self._done(result)
            answer(entry.key, result)
        self.waiting = bool(self._again)  # before the inbox is emptied: who comes later is seen to the next time
        orders = self._asked()
        if orders:
            self._enter(orders, panel, clock)
        for order in orders:
            result = _outcome(order.key, order.payload, panel, retained=order.retained, sees=order.sees)
            self._done(result)
            order.reply(result)

    def _due(self, panel: Panel, clock: Clock) -> list[Entry]:
        """Return what a replay has come to: all, where its pipeline is no more."""
        if not self._again:
            return []
        due = [
            entry
            for entry in self._again
            if entry.pipeline not in panel.pipelines or (entry.pipeline == clock.pipeline and entry.now <= clock.now)
        ]
        self._again = [entry for entry in self._again if entry not in due]
        return due

    def _asked(self) -> list[Order]:
        asked: list[Order] = []
        while self._inbox:
            order = self._inbox.popleft()
            if order.until is not None and time.monotonic() > order.until:
                log.warning("a command came to its turn too late and is left out", alert=order.key)
            else:
                asked.append(order)
        return asked

    def _enter(self, orders: Sequence[Order], panel: Panel, clock: Clock) -> None:
        """Write down those that may change something."""
        wanted = [order for order in orders if order.key in panel.alarms and not order.retained and is_command(order)]
        entries = [
            Entry(number, clock.pipeline, clock.now, order.key, order.payload)
            for number, order in enumerate(wanted, self.number + 1)
        ]
        self._book.enter(entries)
        self.number += len(entries)

    def _done(self, result: Result) -> None:
        self.unsaved = self.unsaved or result.changed
        note(result)


def is_command(order: Order) -> bool:
    """Tell whether an order can be read at all."""
    try:
        read(order.payload, retained=order.retained)
    except RefusedError:
        return False
    return True


def note(result: Result) -> None:
    """Log what came of a command."""
    facts = {"command": result.cmd, "alert": result.alert, "by": result.by, "comment": result.comment}
    facts["reason"] = result.error
    log.info("command", ok=result.ok, **{name: fact for name, fact in facts.items() if fact})


def _outcome(key: str, payload: bytes, panel: Panel, *, retained: bool = False, sees: Sees | None = None) -> Result:
    result = Result(alert=key)
    try:
        command = read(payload, retained=retained)
        result.cmd, result.by, result.comment = command.cmd, command.by, command.comment
        alarm = _called(key, panel, sees)
        result.occurrence = alarm.standing.occurrence
        result.changed = carry_out(command, alarm)
        result.ok = True
    except RefusedError as refusal:
        result.error = str(refusal)
    return result


def _called(key: str, panel: Panel, sees: Sees | None) -> Alarm:
    alarm = panel.alarms.get(key)
    if alarm is not None and (sees is None or sees(alarm)):
        return alarm
    from difflib import get_close_matches  # noqa: PLC0415  (only for who has mistyped a name)

    seen = [other for other, alarm in panel.alarms.items() if sees is None or sees(alarm)]
    near = get_close_matches(key, seen, n=1)
    raise RefusedError(f"there is no alert '{key}'" + (f", did you mean '{near[0]}'?" if near else ""))
