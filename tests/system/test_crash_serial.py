"""A device on a serial port does not wait: what it says while nobody listens is lost, and nothing else."""

import os
import threading
import time
import tty
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Final

import msgspec
import pytest
from tests.support.brokers import until
from tests.system.victim import Victim

KILLS: Final = int(os.environ.get("GAUGEWAY_TEST_KILLS", "10"))
SEED: Final = int(os.environ.get("GAUGEWAY_TEST_SEED", "1"))
LINE: Final = b"N=%09d " + b"x" * 50 + b"\r\n"
ON_THE_WAY: Final = 2 * 4096 // 64
"""So many lines fit into the buffer of a port, and as many were read and not yet written down."""

CONFIGURATION: Final = """\
storage: {{sync_every: {sync_every}ms, checkpoint_every: {checkpoint_every}ms}}
sources:
  boiler:
    type: serial
    port: {port}
    format: {{type: regex, pattern: 'N=(?P<count>[0-9]+) x+'}}
    sensors: {{count: {{}}}}
stages: [{{average: {{last: 10}}}}]
sinks:
  archive: {{type: file, path: out.jsonl}}
"""


class Device:
    """Counts aloud on a pseudo-terminal, whether somebody listens or not."""

    def __init__(self) -> None:
        self._device, self._terminal = os.openpty()
        self.port = os.ttyname(self._terminal)
        tty.setraw(self._terminal)
        self.said = 0
        os.set_blocking(self._device, False)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._talk, name="device")
        self._thread.start()

    def _talk(self) -> None:
        while not self._ended.wait(0.005):
            for _ in range(5):
                with suppress(BlockingIOError):  # nobody listens, and the buffer is full: lost, as on a real port
                    os.write(self._device, LINE % self.said)
                self.said += 1

    def __enter__(self) -> "Device":
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        os.close(self._device)
        os.close(self._terminal)


class Line(msgspec.Struct):
    """A line of the output."""

    value: float
    average: float


def test_only_what_is_sent_while_nobody_listens_is_missing(tmp_path: Path) -> None:
    """Lines are whole and in order, none is doubled, every gap begins at a kill, and averages go on over the gaps."""
    chance = Random(SEED)
    killed_at: list[int] = []
    back_at: list[int] = []
    with Device() as device, Victim(tmp_path, CONFIGURATION) as gateway:
        for _ in range(KILLS + 1):
            sync_every, checkpoint_every = chance.choice((0, 100, 5000)), chance.choice((20, 200, 5000))
            gateway.start(port=device.port, sync_every=sync_every, checkpoint_every=checkpoint_every)
            before = device.said
            until(partial(_is_past, gateway.output, before), "it listens again")
            back_at.append(device.said)
            time.sleep(chance.uniform(0, 0.2))
            if len(killed_at) < KILLS:
                killed_at.append(device.said)
                assert gateway.kill()
        assert gateway.stop() == 0
    found = [msgspec.json.decode(line, type=Line) for line in gateway.output.read_bytes().splitlines()]
    values = [line.value for line in found]
    assert all(value == int(value) for value in values)
    assert all(before < after for before, after in pairwise(values))
    gaps = [(int(before) + 1, int(after)) for before, after in pairwise(values) if after > before + 1]
    for begin, end in gaps:
        assert any(
            killed - ON_THE_WAY <= begin and end <= back for killed, back in zip(killed_at, back_at[1:], strict=True)
        ), f"{begin} to {end} are missing: killed at {killed_at}, back at {back_at}"
    assert 0 < len(gaps) <= KILLS
    for index in range(9, len(found)):
        assert found[index].average == pytest.approx(fmean(values[index - 9 : index + 1]))


def _is_past(file: Path, number: int) -> bool:
    """Tell whether a later number than this is written down."""
    lines = file.read_bytes().splitlines() if file.exists() else []
    return bool(lines) and msgspec.json.decode(lines[-1], type=Line).value > number
