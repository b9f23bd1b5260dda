"""The rest of the plant, with an MQTT client of its own: pumps that publish their flow, a phone that gets alerts."""

import json
import math
import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Self

from gaugeway.cli.demo.view import Alert

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage

EVERY: Final = 0.25
PUMPS: Final = 3


class Plant:
    """Publishes what three pumps measure, and hands every alert that arrives to `show`."""

    def __init__(self, port: int, show: Callable[[Alert], None]) -> None:
        self._port = port
        self._show = show
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._talk, name="plant", daemon=True)

    def __enter__(self) -> Self:
        from paho.mqtt.client import Client  # noqa: PLC0415  (slow to import, needed here only)
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

        self._client: Client = Client(CallbackAPIVersion.VERSION2, client_id="demo-phone")
        self._client.on_message = self._arrived
        self._client.connect("127.0.0.1", self._port)
        self._client.subscribe("gw/+/alert/+/event", qos=1)
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _talk(self) -> None:
        chance = random.Random("plant")  # noqa: S311  (a simulation)
        began = time.monotonic()
        while not self._ended.wait(EVERY):
            seconds = time.monotonic() - began
            for number in range(1, PUMPS + 1):
                flow = 20 + 4 * number + 15 * math.sin(2 * math.pi * seconds / (15 + 6 * number)) + chance.gauss(0, 0.2)
                payload = {"sensor": f"pump_{number}", "value": round(max(0.0, flow), 2), "ts": time.time()}
                self._client.publish(f"demo/pump{number}/telemetry", json.dumps(payload), qos=1)

    def _arrived(self, _client: "Client", _data: object, message: "MQTTMessage") -> None:
        event = json.loads(message.payload)
        self._show(Alert(event["event"], event["rule"], event["message"]))
