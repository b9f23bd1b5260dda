"""Kills the file sink at each of its file operations in turn, and compares what it then makes with an unbroken run.

A program of its own because it forks, and a test runner may have threads. Prints how many places there were.
"""

import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from gaugeway import Reading
from gaugeway_sinks.file import File
from gaugeway_sinks.file.retention import Keep
from gaugeway_sinks.file.rotation import Rotate

WATCHED = {"open", "os.rename", "os.remove", "os.truncate", "os.listdir"}
READINGS = [Reading("boiler", n / 7, 1_728_000_000.0 + 60 * n) for n in range(48)]
BATCH = 4


class Checkpoint(msgspec.Struct):
    """What an engine keeps: how many readings are done, and where the sink stood then."""

    done: int
    position: object


def sink(folder: Path) -> File:
    return File(path=folder / "out" / "r.csv", rotate=Rotate(size=250), keep=Keep(files=3))


def work(folder: Path) -> None:
    """Begin or go on, with a checkpoint after every other batch, to the end."""
    file, place = sink(folder), folder / "checkpoint"
    if place.exists():
        at = msgspec.json.decode(place.read_bytes(), type=Checkpoint)
        file.rollback(at.position)
    else:
        at = save(place, file, 0)
    for start in range(at.done, len(READINGS), BATCH):
        file.consume(READINGS[start : start + BATCH])
        if start % (2 * BATCH) == 0:
            save(place, file, start + BATCH)
    save(place, file, len(READINGS))
    save(place, file, len(READINGS))
    file.close()


def save(place: Path, file: File, done: int) -> Checkpoint:
    checkpoint = Checkpoint(done, file.position())
    new = place.with_suffix(".new")
    new.write_bytes(msgspec.json.encode(checkpoint))
    new.replace(place)
    return checkpoint


NEVER: Final = 0
"""No step has this number."""


def die_at(step: int, folder: Path) -> None:
    """Let this process be killed when it is about to touch the sink's folder for the given time."""
    steps = count(1)

    def watch(event: str, args: tuple[object, ...]) -> None:
        if event in WATCHED and str(args[0]).startswith(f"{folder}/out") and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def killed(step: int, folder: Path) -> bool:
    """Run in a child that dies at the given step; tell whether there was such a step."""
    child = os.fork()
    if child == 0:
        die_at(step, folder)
        work(folder)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def made(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "out").iterdir()}


def main(folder: Path) -> None:
    unbroken = folder / "unbroken"
    unbroken.mkdir()
    killed(NEVER, unbroken)  # nothing is done in this process: one with threads must not fork
    for step in count(1):
        broken = folder / f"{step}"
        broken.mkdir()
        if not killed(step, broken):
            print(step - 1)
            return
        # Once more in the middle of the recovery, at a place that moves along.
        killed(1 + step % 11, broken)
        killed(NEVER, broken)
        if made(broken) != made(unbroken):
            sys.exit(f"killed at step {step}: {sorted(made(broken))} instead of {sorted(made(unbroken))}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
