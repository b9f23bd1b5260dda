"""A device on a pseudo-terminal that counts aloud, and what has to be in the output of a gateway that listens to it."""

import os
import threading
import time
import tty
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Final, Self

import msgspec
from tests.support.waiting import until
from tests.system.victim import Victim

LINE: Final = b"N=%09d " + b"x" * 50 + b"\r\n"
ON_THE_WAY: Final = 2 * 4096 // 64
"""So many lines fit into the buffer of a port, and as many were read and not yet written down."""

CONFIGURATION: Final = """\
storage:
  dir: {disk}/state
  journal_size: 16MiB
  sync_every: {sync_every}ms
  checkpoint_every: {checkpoint_every}ms
sources:
  boiler:
    type: serial
    port: {port}
    format: {{type: regex, pattern: 'N=(?P<count>[0-9]+) x+'}}
    sensors: {{count: {{}}}}
stages: [{{average: {{last: 10}}}}]
sinks:
  archive: {{type: file, path: {disk}/out.jsonl}}
"""


class Talker:
    """Says one number after the other, whether somebody listens or not."""

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        os.close(self._device)
        os.close(self._terminal)


class Found(msgspec.Struct):
    """A line of the output."""

    value: float
    average: float


class Lives:
    """A gateway that listens, ends in a bad way and listens again: when it ended, and when it was back."""

    def __init__(self, talker: Talker, gateway: Victim, chance: Random) -> None:
        self._talker = talker
        self._gateway = gateway
        self._chance = chance
        self._ended_at: list[int] = []
        self._back_at: list[int] = []

    def live(self, syncs: Sequence[int]) -> None:
        """Start it, and let it listen for a moment."""
        chance, said = self._chance, self._talker.said
        sync_every, checkpoint_every = chance.choice(syncs), chance.choice((20, 200, 5000))
        self._gateway.start(port=self._talker.port, sync_every=sync_every, checkpoint_every=checkpoint_every)
        until(partial(_is_past, self._gateway.output, said), "it listens again")
        self._back_at.append(self._talker.said)
        time.sleep(chance.uniform(0, 0.2))

    def end(self, end: Callable[[], object]) -> None:
        """End it."""
        self._ended_at.append(self._talker.said)
        end()

    def judge(self) -> None:
        """Lines are whole and in order, none is doubled, every gap is about an end, and averages go on over it."""
        lines = self._gateway.output.read_bytes().splitlines()
        found = [msgspec.json.decode(line, type=Found) for line in lines]
        values = [line.value for line in found]
        assert all(value == int(value) for value in values)
        assert all(before < after for before, after in pairwise(values))
        gaps = [(int(before) + 1, int(after)) for before, after in pairwise(values) if after > before + 1]
        silent = self._silences()
        for begin, end in gaps:
            assert any(ended - ON_THE_WAY <= begin and end <= back for ended, back in silent), (
                f"{begin} to {end} are missing; nobody listened {silent}"
            )
        assert 0 < len(gaps) <= len(self._ended_at)
        for index in range(9, len(found)):
            assert abs(found[index].average - fmean(values[index - 9 : index + 1])) < 1e-6

    def _silences(self) -> list[tuple[int, int]]:
        """Return when nobody listened; a life so short that all it heard was still on the way counts as silence too."""
        silent: list[tuple[int, int]] = []
        for ended, back in zip(self._ended_at, self._back_at[1:], strict=True):
            begin = silent.pop()[0] if silent and ended - silent[-1][1] <= ON_THE_WAY else ended
            silent.append((begin, back))
        return silent


def _is_past(file: Path, number: int) -> bool:
    """Tell whether a later number than this is written down."""
    lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
    whole = [line for line in lines[-2:] if line.endswith(b"\n")]
    return bool(whole) and msgspec.json.decode(whole[-1], type=Found).value > number
