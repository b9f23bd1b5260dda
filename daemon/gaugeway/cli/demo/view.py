"""What the demo shows: a table that is drawn again and again on a terminal, plain lines elsewhere."""

import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import Final

from gaugeway.engine.seen import SensorSeen
from gaugeway.service.gateway import Gateway

BAR: Final = 20
OLD: Final = 2.0
BOLD, RED, GREEN, DIM, PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[0m"


class Alert:
    """An alert as it came from the broker."""

    def __init__(self, event: str, rule: str, message: str) -> None:
        self.event = event
        self.rule = rule
        self.message = message
        self.at = time.strftime("%H:%M:%S")

    def line(self) -> str:
        """Return it as one line."""
        return f"{self.at}  {self.event:<8} {self.rule:<12} {self.message}"


class View:
    """Shows the gateway's sensors and the alerts of an MQTT client."""

    def __init__(self, gateway: Gateway, *, live: bool) -> None:
        self._gateway = gateway
        self._live = live
        self._alerts: deque[Alert] = deque(maxlen=8)
        self._printed_at = 0.0

    def alert(self, alert: Alert) -> None:
        """Show one more alert."""
        self._alerts.append(alert)
        if not self._live:
            print(f"alert    {alert.line()}", flush=True)

    def refresh(self, seconds_left: float) -> None:
        """Show how things are now."""
        if self._live:
            self._draw(seconds_left)
        elif time.monotonic() - self._printed_at >= 2:
            self._printed_at = time.monotonic()
            for name, seen in self._seen():
                print(f"reading  {_plain(name, seen)}", flush=True)

    def _draw(self, seconds_left: float) -> None:
        about = f"{DIM}real drivers, simulated sensors, {seconds_left:.0f} s left{PLAIN}"
        lines = [f"{BOLD}gaugeway demo{PLAIN}   {about}", ""]
        lines.append(f"{DIM}{'sensor':<16}{'value':>9}       {'of its range':<{BAR}}  {'average':>8}   age{PLAIN}")
        lines += [_row(name, seen) for name, seen in self._seen()]
        lines += ["", f"{DIM}sources{PLAIN}", *self._sources()]
        lines += ["", f"{DIM}alerts, as an MQTT client receives them{PLAIN}"]
        lines += [f"{RED if a.event == 'raised' else GREEN}{a.line()}{PLAIN}" for a in self._alerts] or ["  none yet"]
        sys.stdout.write("\x1b[H\x1b[J" + "\n".join(lines) + "\n")
        sys.stdout.flush()

    def _seen(self) -> Iterator[tuple[str, SensorSeen]]:
        for pipeline in self._gateway.pipelines:
            yield from sorted(pipeline.intake.sensors.items())

    def _sources(self) -> Iterator[str]:
        for pipeline in self._gateway.pipelines:
            status, meter = pipeline.intake.status, pipeline.chain.intake
            left_out = "".join(f", {count} {reason}" for reason, count in meter.dropped.items())
            reason = f"  {status.reason}" if status.reason else ""
            yield f"  {pipeline.name:<14}{status.state:<9}{meter.timed:>7} readings{left_out}{reason}"[:100]


def _row(name: str, seen: SensorSeen) -> str:
    last = seen.last
    if last is None:
        return name
    bar = "█" * round(min(1.0, max(0.0, last.normal or 0.0)) * BAR)
    average = f"{last.average:>8.2f}" if last.average is not None else f"{'':>8}"
    age = time.time() - last.time
    return f"{name:<16}{last.value:>9.2f} {last.unit:<5} {bar:<{BAR}}  {average}   {age:.1f} s"


def _plain(name: str, seen: SensorSeen) -> str:
    last = seen.last
    if last is None:
        return name
    average = f"average {last.average:.2f}" if last.average is not None else ""
    age = time.time() - last.time
    old = f"{age:.0f} s old" if age >= OLD else ""
    return f"{name:<16}{last.value:>9.2f} {last.unit:<5}  {average:<16} {old}".rstrip()
