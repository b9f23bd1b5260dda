"""Alarms are asked for at the control socket without keeping it from anybody else."""

import os
import socket
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from tests.engine.kit import plan, registry
from tests.support.waiting import PATIENCE, until

from gaugeway import Reading
from gaugeway.plan import SinkUse
from gaugeway.service.control import desk as desk_module
from gaugeway.service.control.desk import Desk
from gaugeway.service.control.guest import Guest
from gaugeway.service.control.peers import Peer
from gaugeway.service.gateway import Gateway
from gaugeway.service.health.health import Health
from gaugeway.service.signals import Wishes


class Panel:
    """A sink with an alarm, which tells of it only when its file can be read."""

    def __init__(self, *, readable: threading.Event) -> None:
        self.readable = readable
        self.asked = 0

    def consume(self, stream: Iterable[Reading]) -> None:
        """Forget a batch."""

    def alarms(self) -> Sequence[Mapping[str, object]]:
        """Return the alarm."""
        self.asked += 1
        if not self.readable.wait(PATIENCE):
            raise TimeoutError
        return [{"key": "hot"}]

    def history(self, most: int) -> Sequence[Mapping[str, object]]:
        """Return the alarm as often as that."""
        return [*self.alarms()] * most

    def order(self, command: Mapping[str, object], reply: object) -> None:
        """Take no orders."""


@contextmanager
def asked(folder: Path, readable: threading.Event) -> Generator[tuple[Desk, Guest, Panel]]:
    """Yield a desk of a gateway with such a sink, and who asks there."""
    sink = SinkUse(type="panel", id="panel", options={"readable": readable})
    gateway = Gateway(plan(folder, sinks=[sink]), registry(panel=("sink", Panel)))
    (outlet,) = gateway.outlets
    assert isinstance(outlet.sink, Panel)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Desk(Health(gateway), Wishes()), Guest(ours, Peer(1, os.geteuid(), frozenset())), outlet.sink


def answer(desk: Desk, guest: Guest, line: bytes) -> dict[str, object]:
    """Return what is answered at once."""
    return msgspec.json.decode(desk.answer(line, guest, lambda _later: None) or b"", type=dict[str, object])


@pytest.mark.parametrize(
    ("line", "found"), [(b'{"ask":"alarms"}', 1), (b'{"ask":"alarms","history":3}', 3)], ids=["alarms", "history"]
)
def test_a_disk_that_hangs_holds_up_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: bytes, found: int
) -> None:
    """It is said which sink does not tell, health is told meanwhile, and one thread at most waits for that disk."""
    monkeypatch.setattr(desk_module, "PATIENCE", 0.05)
    readable = threading.Event()
    with asked(tmp_path, readable) as (desk, guest, sink):
        for _ in range(3):
            refusal = answer(desk, guest, line)
            assert refusal == {"error": "sink 'panel' cannot tell of its alarms: does not answer", "code": 1}
        assert answer(desk, guest, b'{"ask":"health"}')["state"] == "well"
        assert sink.asked == 1
        readable.set()
        until(lambda: not any(thread.name == "asking alarms of panel" for thread in threading.enumerate()))
        assert answer(desk, guest, line) == {"found": [{"sink": "panel", "key": "hot"}] * found}
