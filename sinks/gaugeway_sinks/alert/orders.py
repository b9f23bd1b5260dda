"""Commands on their way: they come on the broker's thread and are carried out between two readings."""

from collections import deque
from typing import Final

import msgspec

from gaugeway import logger
from gaugeway.mqtt import Delivery
from gaugeway_sinks.alert.alarm import Alarm
from gaugeway_sinks.alert.command import Command, RefusedError, Result, carry_out, read
from gaugeway_sinks.alert.panel import Panel

log = logger(__name__)

MOST: Final = 1000


class NodeCommand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a node as a whole may be told: to describe itself anew."""

    cmd: str


class Orders:
    """Takes commands from any thread, and carries them out when it is told to."""

    def __init__(self, root: str) -> None:
        self.topics = (f"{root}/alert/+/cmd", f"{root}/cmd")
        self.rebirth = False
        self.unsaved = False
        self._root = root
        self._inbox: deque[Delivery] = deque()

    def take(self, delivery: Delivery) -> None:
        """Take one in; more than a thousand that wait are a fault of the sender's."""
        if len(self._inbox) < MOST:
            self._inbox.append(delivery)
        else:
            log.warning("too many commands at once, one left out")

    def carry_out(self, panel: Panel) -> None:
        """Do what was asked for, and let the panel answer."""
        while self._inbox:
            delivery = self._inbox.popleft()
            topic = delivery.topic.decode(errors="replace").removeprefix(f"{self._root}/")
            if topic == "cmd":
                result = self._on_node(delivery)
            else:
                result = self._on_alarm(topic.removeprefix("alert/").removesuffix("/cmd"), delivery, panel)
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
    def _on_alarm(key: str, delivery: Delivery, panel: Panel) -> Result:
        result = Result(alert=key)
        try:
            command: Command = read(delivery.payload, retained=delivery.retained)
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
        raise RefusedError(f"there is no alert '{key}'")
    return panel.alarms[key]
