"""Where commands come in over MQTT, and where their outcomes go out."""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from gaugeway.mqtt import Delivery
from gaugeway_sinks.alarms import Station, View
from gaugeway_sinks.alarms.alarm.command import Result
from gaugeway_sinks.alarms.orders import note
from gaugeway_sinks.alarms.post.envelope import Envelope, pack

REBIRTH: Final = "rebirth"
ALARM: Final = re.compile(r"[^\s+#/\x00-\x1f]{1,300}")
"""What an alarm can be called: a rule and perhaps a sensor, neither longer than 128."""
SHOWN: Final = 40


class NodeCommand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a node as a whole may be told: to describe itself anew."""

    cmd: str


class Desk:
    """Takes what comes on the command topics, and hands it on to the panel of the gateway.

    A retained command is refused: it would be given again whenever somebody new begins to listen. That a retained one
    is taken away, which is an empty message, is no command. Nobody is answered who writes to what can be no alarm:
    the topic of the answer might be one that nothing can be published to, and would keep all alarms behind it waiting.
    """

    def __init__(self, root: str, station: Station, view: View, reborn: Callable[[], None]) -> None:
        self.topics = (f"{root}/alert/+/cmd", f"{root}/cmd")
        self._root = root
        self._station = station
        self._view = view
        self._reborn = reborn

    def take(self, delivery: Delivery) -> None:
        """Take one in, on the thread that receives it."""
        topic = delivery.topic.decode(errors="replace").removeprefix(f"{self._root}/")
        if delivery.retained and not delivery.payload:
            return
        if topic == "cmd":
            self._on_node(delivery)
            return
        key = topic.removeprefix("alert/").removesuffix("/cmd")
        if ALARM.fullmatch(key):
            self._station.obey(
                self._view,
                key,
                delivery.payload,
                lambda result: self._answer(f"{topic}/result", result),
                retained=delivery.retained,
            )
        else:
            note(Result(alert=key[:SHOWN], error="no alarm can be called that"))

    def answers(self) -> list[bytes]:
        """Return the outcomes that were not handed out yet, to be sent."""
        view = self._view
        answers, view.answers = view.answers, []
        made = view.panel.made
        return [pack(Envelope(topic, msgspec.Raw(msgspec.json.encode(result)), made)) for topic, result in answers]

    def _answer(self, topic: str, result: Result) -> None:
        with self._station.lock:
            self._view.answer(topic, result)

    def _on_node(self, delivery: Delivery) -> None:
        result = Result(alert="", cmd=_asked(delivery.payload))
        if delivery.retained:
            result.error = "a retained command is refused: it would be given again and again"
        elif result.cmd != REBIRTH:
            result.error = 'a gateway takes {"cmd": "rebirth"}'
        else:
            result.ok = result.changed = True
            self._reborn()
        note(result)
        self._answer("cmd/result", result)


def _asked(payload: bytes) -> str | None:
    try:
        return msgspec.json.decode(payload, type=NodeCommand).cmd or None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
