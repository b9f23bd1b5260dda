"""Commands on their way: they come on the threads of others and are carried out between two readings."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

import msgspec

from gaugeway import logger
from gaugeway.mqtt import Delivery
from gaugeway_sinks.alarms.alarm import Alarm
from gaugeway_sinks.alarms.command import Command, RefusedError, Result, carry_out, read
from gaugeway_sinks.alarms.panel import Panel

log = logger(__name__)

MOST: Final = 1000
PATIENCE: Final = 10.0
"""Who asks on this computer waits for so long; a command that nobody waits for any more is not carried out."""

Reply = Callable[[Mapping[str, object]], None]


class NodeCommand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a node as a whole may be told: to describe itself anew."""

    cmd: str


class Asked(NamedTuple):
    """A command for one alarm from this computer, who is to be told what came of it, and until when that is of use."""

    key: str
    payload: bytes
    reply: Reply
    until: float


class Orders:
    """Takes commands from any thread, and carries them out when it is told to."""

    def __init__(self, root: str) -> None:
        self.topics = (f"{root}/alert/+/cmd", f"{root}/cmd")
        self.rebirth = False
        self.unsaved = False
        self._root = root
        self._inbox: deque[Delivery | Asked] = deque()

    def take(self, delivery: Delivery) -> None:
        """Take one in; more than a thousand that wait are a fault of the sender's."""
        if len(self._inbox) < MOST:
            self._inbox.append(delivery)
        else:
            log.warning("too many commands at once, one left out")

    def ask(self, command: Mapping[str, object], reply: Reply) -> None:
        """Take in a command of somebody on this computer; `alert` in it names the alarm."""
        if len(self._inbox) >= MOST:
            reply(msgspec.to_builtins(Result(alert="", error="too many commands at once")))
            return
        rest = {name: said for name, said in command.items() if name != "alert"}
        key = str(command.get("alert", ""))
        self._inbox.append(Asked(key, msgspec.json.encode(rest), reply, time.monotonic() + PATIENCE))

    def carry_out(self, panel: Panel) -> None:
        """Do what was asked for, and let the panel answer."""
        while self._inbox:
            order = self._inbox.popleft()
            if isinstance(order, Asked):
                self._meet(order, panel)
                continue
            topic = order.topic.decode(errors="replace").removeprefix(f"{self._root}/")
            if topic == "cmd":
                result = self._on_node(order)
            else:
                key = topic.removeprefix("alert/").removesuffix("/cmd")
                result = self._on_alarm(key, order.payload, panel, retained=order.retained)
            self._done(topic, result, panel)

    def _meet(self, order: Asked, panel: Panel) -> None:
        """Carry out a command of somebody who still waits for it; those who listen to the broker are told too."""
        if time.monotonic() > order.until:
            log.warning("a command came to its turn too late and is left out", alert=order.key)
            return
        result = self._on_alarm(order.key, order.payload, panel, retained=False)
        if order.key in panel.alarms:  # what is no alarm may have a name that no topic can have
            self._done(f"alert/{order.key}/cmd", result, panel)
        order.reply(msgspec.to_builtins(result))

    def _done(self, topic: str, result: Result, panel: Panel) -> None:
        panel.answer(f"{topic}/result", msgspec.json.encode(result))
        self.unsaved = self.unsaved or result.changed
        facts = {"command": result.cmd, "alert": result.alert, "by": result.by, "comment": result.comment}
        log.info("command", ok=result.ok, **{name: fact for name, fact in facts.items() if fact})

    def _on_node(self, delivery: Delivery) -> Result:
        try:
            asked = msgspec.json.decode(delivery.payload, type=NodeCommand).cmd
        except (msgspec.DecodeError, UnicodeDecodeError):
            asked = ""
        self.rebirth = self.rebirth or asked == "rebirth"
        error = None if asked == "rebirth" else 'a gateway takes {"cmd": "rebirth"}'
        return Result(alert="", cmd=asked or None, ok=error is None, changed=error is None, error=error)

    @staticmethod
    def _on_alarm(key: str, payload: bytes, panel: Panel, *, retained: bool) -> Result:
        result = Result(alert=key)
        try:
            command: Command = read(payload, retained=retained)
            result.cmd, result.by, result.comment = command.cmd, command.by, command.comment
            alarm = _called(key, panel)
            result.occurrence = alarm.standing.occurrence
            result.changed = carry_out(command, alarm)
            result.ok = True
        except RefusedError as refusal:
            result.error = str(refusal)
        return result


def _called(key: str, panel: Panel) -> Alarm:
    if key not in panel.alarms:
        near = get_close_matches(key, panel.alarms, n=1)
        raise RefusedError(f"there is no alert '{key}'" + (f", did you mean '{near[0]}'?" if near else ""))
    return panel.alarms[key]
