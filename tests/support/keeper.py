"""A process that keeps what an MQTT source yields, in a file: it is killed, started again, and has to miss nothing.

Run as `python -m tests.support.keeper ADDRESS QOS VERSION FILE`. One line of the file holds the values that came
before one tick, and the receipts of the messages that brought them.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast

import msgspec
from tests.support.reader import source

from gaugeway import Reading, Tick
from gaugeway.mqtt import Receipt

COMMIT_EVERY = 5


class Line(msgspec.Struct):
    """What came before one tick."""

    values: list[float]
    receipts: list[Receipt]


def lines(file: Path) -> Iterator[Line]:
    """Yield what a file holds."""
    for line in file.read_bytes().splitlines() if file.exists() else ():
        yield msgspec.json.decode(line, type=Line)


def keep(address: str, qos: Literal[1, 2], version: Literal[5, "3.1.1"], file: Path) -> None:
    """Keep everything until the process is killed; acknowledge it only now and then."""
    mqtt = source(address, qos=qos, version=version, receive_maximum=50)
    mqtt.recognise(receipt for line in lines(file) for receipt in line.receipts)
    values: list[float] = []
    ticks = 0
    with file.open("ab", buffering=0) as kept:
        for item in mqtt.stream():
            if isinstance(item, Reading):
                values.append(item.value)
            elif isinstance(item, Tick):
                if values:
                    kept.write(msgspec.json.encode(Line(values, mqtt.news())) + b"\n")
                    values.clear()
                ticks += 1
                if item.full or ticks % COMMIT_EVERY == 0:
                    mqtt.commit()


if __name__ == "__main__":
    where, quality, spoken, path = sys.argv[1:]
    keep(
        where,
        2 if quality == "2" else 1,
        cast("Literal[5, '3.1.1']", 5 if spoken == "5" else spoken),
        Path(path),
    )
