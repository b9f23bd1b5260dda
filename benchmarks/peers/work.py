"""What every peer does with a reading: range filter, normalise, average of ten, a line in a file, a threshold alert."""

import json
from collections import deque
from io import TextIOWrapper

LOW, HIGH, ABOVE, CLEAR = 0.0, 60.0, 50.0, 45.0


class Work:
    """The straightforward way to write it."""

    def __init__(self, file: TextIOWrapper) -> None:
        self._file = file
        self._windows: dict[str, deque[float]] = {}
        self._active: set[str] = set()

    def take(self, payload: bytes | bytearray) -> tuple[str, str] | None:
        """Work through one message; return the topic and text of an alert if one is due."""
        message = json.loads(payload)
        sensor, value = message["sensor"], float(message["value"])
        if not LOW <= value <= HIGH:
            return None
        window = self._windows.setdefault(sensor, deque(maxlen=10))
        window.append(value)
        row = {
            "sensor": sensor,
            "value": value,
            "time": message["ts"],
            "normal": (value - LOW) / (HIGH - LOW),
            "average": sum(window) / len(window),
        }
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()
        return self._alert(sensor, value, message["ts"])

    def _alert(self, sensor: str, value: float, when: float) -> tuple[str, str] | None:
        if value >= ABOVE and sensor not in self._active:
            self._active.add(sensor)
            return f"gw/peer/alert/{sensor}/event", json.dumps({"event": "raised", "value": value, "ts": when})
        if value < CLEAR and sensor in self._active:
            self._active.remove(sensor)
            return f"gw/peer/alert/{sensor}/event", json.dumps({"event": "cleared", "value": value, "ts": when})
        return None
