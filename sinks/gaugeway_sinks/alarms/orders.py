"""Commands on their way: they come on the threads of others and are carried out between two readings."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from gaugeway import logger
from gaugeway_sinks.alarms.alarm import Alarm
from gaugeway_sinks.alarms.command import RefusedError, Result, carry_out, read
from gaugeway_sinks.alarms.panel import Panel

log = logger(__name__)

MOST: Final = 1000
Reply = Callable[[Result], None]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A command for the alarm called `key`, and who is to be told what came of it.

    `until`, by the clock that nobody sets, is when nobody waits for it any more. `sees` says for whom the alarm exists.
    """

    key: str
    payload: bytes
    reply: Reply
    retained: bool = False
    until: float | None = None
    sees: Callable[[Alarm], bool] | None = None


class Orders:
    """Takes commands from any thread, and carries them out when it is told to."""

    def __init__(self) -> None:
        self.unsaved = False
        self._inbox: deque[Order] = deque()

    def take(self, order: Order) -> None:
        """Take one in; more than a thousand that wait are a fault of the sender's."""
        if len(self._inbox) < MOST:
            self._inbox.append(order)
        else:
            order.reply(Result(alert=order.key, error="too many commands at once"))

    def carry_out(self, panel: Panel) -> None:
        """Do what was asked for, and answer."""
        while self._inbox:
            order = self._inbox.popleft()
            if order.until is not None and time.monotonic() > order.until:
                log.warning("a command came to its turn too late and is left out", alert=order.key)
                continue
            result = _outcome(order, panel)
            self.unsaved = self.unsaved or result.changed
            note(result)
            order.reply(result)


def note(result: Result) -> None:
    """Log what came of a command."""
    facts = {"command": result.cmd, "alert": result.alert, "by": result.by, "comment": result.comment}
    facts["reason"] = result.error
    log.info("command", ok=result.ok, **{name: fact for name, fact in facts.items() if fact})


def _outcome(order: Order, panel: Panel) -> Result:
    result = Result(alert=order.key)
    try:
        command = read(order.payload, retained=order.retained)
        result.cmd, result.by, result.comment = command.cmd, command.by, command.comment
        alarm = _called(order, panel)
        result.occurrence = alarm.standing.occurrence
        result.changed = carry_out(command, alarm)
        result.ok = True
    except RefusedError as refusal:
        result.error = str(refusal)
    return result


def _called(order: Order, panel: Panel) -> Alarm:
    alarm = panel.alarms.get(order.key)
    if alarm is not None and (order.sees is None or order.sees(alarm)):
        return alarm
    from difflib import get_close_matches  # noqa: PLC0415  (only to be kind)

    seen = [key for key, other in panel.alarms.items() if order.sees is None or order.sees(other)]
    near = get_close_matches(order.key, seen, n=1)
    raise RefusedError(f"there is no alert '{order.key}'" + (f", did you mean '{near[0]}'?" if near else ""))
