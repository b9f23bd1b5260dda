"""A process that reads from a broker is killed at any moment, and nothing is lost or doubled."""

import os
import random
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Literal, Self

import pytest
from tests.support.brokers import Mosquitto, Peer, needs_mosquitto
from tests.support.keeper import lines
from tests.support.waiting import until

from gaugeway.mqtt import Message

pytestmark = [pytest.mark.broker, needs_mosquitto]

ROOT: Final = Path(__file__).parents[2]
KILLS: Final = int(os.environ.get("GAUGEWAY_TEST_KILLS", "1"))
MOST: Final = 500


class Killable:
    """A process that reads and keeps, until it is killed."""

    def __init__(self, address: str, qos: int, version: str, file: Path) -> None:
        self._command = [sys.executable, "-m", "tests.support.keeper", address, str(qos), version, str(file)]

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=ROOT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def kept(file: Path) -> list[float]:
    return [value for line in lines(file) for value in line.values]


@pytest.mark.parametrize(("qos", "version"), [(1, "5"), (2, "5"), (1, "3.1.1")])
def test_a_killed_reader_loses_and_doubles_nothing(tmp_path: Path, qos: Literal[1, 2], version: str) -> None:
    """What the broker sends again although it was kept is recognised by the list that was kept with it."""
    file = tmp_path / "kept.jsonl"
    chance = random.Random(qos)
    published = 0
    with Mosquitto(tmp_path, "log_type subscribe") as running, ExitStack() as alive, Peer(running.port) as peer:

        def publish() -> None:
            nonlocal published
            first, published = published, published + chance.randrange(1, MOST)
            peer.publish(*(Message("t/s", b"%d" % number, qos) for number in range(first, published)))

        def has_kept(count: int) -> None:
            until(lambda: len(kept(file)) >= count, f"{count} readings have been kept")

        reader = alive.enter_context(Killable(running.address, qos, version, file))
        until(lambda: " t/#" in (tmp_path / "mosquitto.log").read_text(), "the reader has subscribed")
        for _ in range(KILLS):
            publish()
            reader.kill()  # while it reads what was published this moment
            before = published
            publish()
            reader.start()
            has_kept(chance.randrange(before, published))
            reader.kill()  # while it reads what the broker had stored
            reader.start()
        has_kept(published)
    assert kept(file) == list(range(published))
