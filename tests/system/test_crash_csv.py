"""Recorded data: a gateway that is killed while it reads a file goes on at the row where it was."""

import os
import time
from pathlib import Path
from random import Random
from typing import Final

from tests.system.victim import Victim

KILLS: Final = int(os.environ.get("GAUGEWAY_TEST_KILLS", "10"))
SEED: Final = int(os.environ.get("GAUGEWAY_TEST_SEED", "1"))
ROWS: Final = 20_000 * KILLS
CONFIGURATION: Final = """\
storage: {{checkpoint_every: {checkpoint_every}ms}}
sources:
  history:
    type: csv
    path: january.csv
    format: {{sensor: sensor, value: value, time: time}}
    sensors: {{"*": {{kind: temperature, unit: °C, range: [-40, 125]}}}}
stages: [in_range, normalise, {{average: {{last: 10}}}}]
sinks:
  archive: {{type: file, path: out.jsonl, rotate: {{size: 3MB, compress: false}}}}
"""


def recording(file: Path) -> None:
    """Write rows of 20 sensors; some are out of range, and some are none."""
    chance = Random(SEED)
    with file.open("w") as rows:
        rows.write("sensor,value,time\n")
        for number in range(ROWS):
            value = "n/a" if chance.random() < 0.001 else f"{chance.gauss(60, 30):.2f}"
            rows.write(f"s{number % 20},{value},{1_750_000_000 + number / 10}\n")


def written(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.glob("out*.jsonl"))}


def test_kills_leave_no_trace(tmp_path: Path) -> None:
    """Every file, rotated or not, holds the same bytes as without them."""
    calm, wild = tmp_path / "calm", tmp_path / "wild"
    chance = Random(SEED)
    for folder in (calm, wild):
        folder.mkdir()
        recording(folder / "january.csv")
    with Victim(calm, CONFIGURATION) as gateway:
        gateway.start(checkpoint_every=30_000)
        assert gateway.wait() == 0
    with Victim(wild, CONFIGURATION) as gateway:
        kills = 0
        for _ in range(KILLS):
            gateway.start(checkpoint_every=chance.choice((10, 50)))
            gateway.wait_for_progress()
            time.sleep(chance.uniform(0, 0.15))
            if not gateway.running:
                break
            gateway.kill()
            kills += 1
        else:
            gateway.start(checkpoint_every=100)
        assert gateway.wait() == 0
    assert kills > KILLS // 2
    assert written(wild) == written(calm)
