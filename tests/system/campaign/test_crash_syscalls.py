"""What a gateway asks of the operating system, and in which order, seen from outside with strace."""

import re
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from tests.support.brokers import Mosquitto, needs_mosquitto, publish
from tests.support.waiting import until
from tests.system.campaign.campaign import Campaign
from tests.system.campaign.plan import Orders
from tests.system.victim import Victim

from gaugeway.mqtt import Message

pytestmark = [
    pytest.mark.broker,
    needs_mosquitto,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]

STRACE: Final = ("strace", "-f", "-y", "-xx", "-s", "200000", "-qq", "--seccomp-bpf")
WATCHED: Final = "-etrace=fdatasync,pwritev,pwritev2,recvfrom,sendto"
CONFIGURATION: Final = """\
node: plant1
storage: {{sync_every: 100ms, checkpoint_every: 250ms}}
sources:
  plant:
    type: mqtt
    broker: mqtt://127.0.0.1:{port}
    topic: plant/+
    format: {{type: number, sensor: 'topic[1]'}}
    sensors: {{"*": {{}}}}
sinks:
  archive: {{type: file, path: out.jsonl}}
  phone: {{type: alert, broker: "mqtt://127.0.0.1:{port}", stale_after: 1d}}
alerts:
  high: {{sensors: ["*7"], above: 90, clear_below: 10}}
"""
STRING: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
TARGET: Final = re.compile(r"^\d+<((?:\\x[0-9a-f]{2})*)>")
LINE: Final = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)")


class Call(NamedTuple):
    """One system call: when it began and ended, on which file or socket, and the bytes that it moved."""

    began: int
    ended: int
    name: str
    target: str
    data: bytes


def calls(trace: Path) -> Iterator[Call]:
    """Yield the calls of a trace; one that another thread interrupts stands there in two halves."""
    halves: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(trace.read_text().splitlines()):
        found = LINE.match(line)
        if found is None:
            continue
        thread, name, rest = found.groups()
        if rest.endswith("<unfinished ...>"):
            halves[thread] = number, rest
            continue
        began, first = halves.pop(thread, (number, "")) if "resumed>" in line else (number, "")
        whole = first + rest
        target = TARGET.match(whole)
        data = b"".join(map(_bytes, STRING.findall(whole)))
        yield Call(began, number, name, _bytes(target[1]).decode() if target else "", data)


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def is_safe_before(seen: Sequence[Call], folder: str, content: bytes, moment: int) -> bool:
    """Tell whether something was written to a journal, and that file synced, before a moment."""
    for written in seen:
        if written.name.startswith("pwritev") and folder in written.target and content in written.data:
            return any(
                call.name == "fdatasync"
                and call.target == written.target
                and written.ended < call.began
                and call.ended < moment
                for call in seen
            )
    return False


def has_lines(gateway: Victim, count: int) -> bool:
    return gateway.lines >= count


def acknowledgements(seen: Sequence[Call]) -> dict[int, int]:
    """Return when each message was acknowledged: the number of its packet, and the moment."""
    found: dict[int, int] = {}
    for call in seen:
        if call.name == "sendto" and call.data[:2] == b"\x40\x02":
            for at in range(0, len(call.data), 4):
                found.setdefault(int.from_bytes(call.data[at + 2 : at + 4]), call.began)
    return found


def test_nothing_is_acknowledged_and_no_alarm_is_sent_before_it_is_on_disk(tmp_path: Path) -> None:
    """Each message: its record written, that file synced, then the acknowledgement; each alarm in the same way.

    What an alarm follows from is on disk before it too: after a power cut its id cannot come to mean another event.
    """
    trace = tmp_path / "trace"
    names = [f"s{number:03}" for number in range(120)]
    with Mosquitto(tmp_path, "log_type subscribe") as broker, Victim(tmp_path, CONFIGURATION) as gateway:
        gateway.start(port=broker.port, under=(*STRACE, WATCHED, f"-o{trace}"))
        until(lambda: b" plant/+" in (tmp_path / "mosquitto.log").read_bytes(), "the gateway is subscribed")
        for start in range(0, len(names), 20):
            publish(broker.port, *(Message(f"plant/{name}", b"99") for name in names[start : start + 20]))
            until(partial(has_lines, gateway, start + 20), "the readings are written")
        until(lambda: len(acknowledgements(list(calls(trace)))) >= len(names), "all is acknowledged")
        until(lambda: trace.read_bytes().count(_escaped(b"/event")) >= 12, "all alarms are sent")
        gateway.kill()
    seen = list(calls(trace))
    received = b"".join(call.data for call in seen if call.name == "recvfrom")
    acknowledged = acknowledgements(seen)
    for name in names:
        at = received.index(b"plant/" + name.encode()) + len("plant/") + len(name)
        moment = acknowledged[int.from_bytes(received[at : at + 2])]
        assert is_safe_before(seen, "/state/intake/", name.encode(), moment), f"{name} was acknowledged too early"
    for name in names[7::10]:
        topic = f"gw/plant1/alert/high@{name}/event".encode()
        moment = next(call.began for call in seen if call.name == "sendto" and topic in call.data)
        for folder, content in (("outbox", f"high@{name}:1:2"), ("intake", name)):  # the event, and what it is about
            assert is_safe_before(seen, f"/state/{folder}/", content.encode(), moment), f"{name} was sent too early"


def test_kills_at_system_calls_leave_no_trace(tmp_path: Path) -> None:
    """Killed when it is about to write, to sync, to send, to rename or to remove."""
    orders = Orders(kills=6, seconds=6, seed=1, messages=1500, calls=True)
    campaign = Campaign(orders, tmp_path)
    verdict = campaign.run()
    assert verdict.well, f"{campaign.report}\n{verdict}"


def _escaped(content: bytes) -> bytes:
    return "".join(f"\\x{byte:02x}" for byte in content).encode()
