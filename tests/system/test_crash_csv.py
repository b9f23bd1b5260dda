"""Recorded data: a gateway that is killed while it reads a file goes on at the row where it was."""

import os
import time
from pathlib import Path
from random import Random
from typing import Final

import pytest
from tests.system.victim import Victim

KILLS: Final = int(os.environ.get("GAUGEWAY_TEST_KILLS", "6"))
SEED: Final = int(os.environ.get("GAUGEWAY_TEST_SEED", "1"))
ROWS: Final = 20_000 * KILLS
KEPT: Final = 3
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
  archive: {{type: file, path: out.jsonl, {files}}}
"""


def recording(file: Path) -> None:
    """Write rows of 20 sensors; some are out of range, and some are none."""
    chance = Random(SEED)
    with file.open("w") as rows:
        rows.write("sensor,value,time\n")
        for number in range(ROWS):
            value = "n/a" if chance.random() < 0.001 else f"{chance.gauss(60, 30):.2f}"
            rows.write(f"s{number % 20},{value},{1_750_000_000 + number / 10}\n")


@pytest.mark.parametrize(
    ("files", "certain"),
    [
        ("rotate: {size: 3MB, compress: false}", None),
        (f"rotate: {{size: 1MB}}, keep: {{files: {KEPT}}}", KEPT + 1),
    ],
)
def test_kills_leave_no_trace(tmp_path: Path, files: str, certain: int | None) -> None:
    """Every file, rotated, compressed or not, holds the same bytes as without them, as far as it has to be kept."""
    calm, wild = tmp_path / "calm", tmp_path / "wild"
    chance = Random(SEED)
    for folder in (calm, wild):
        folder.mkdir()
        recording(folder / "january.csv")
    with Victim(calm, CONFIGURATION) as gateway:
        gateway.start(checkpoint_every=30_000, files=files)
        assert gateway.wait() == 0
        expected = gateway.pages
    with Victim(wild, CONFIGURATION) as gateway:
        kills = 0
        for _ in range(KILLS):
            gateway.start(checkpoint_every=chance.choice((10, 50)), files=files)
            gateway.wait_for_progress()
            time.sleep(chance.uniform(0, 0.15))
            if not gateway.running:
                break
            gateway.kill()
            kills += 1
        else:
            gateway.start(checkpoint_every=100, files=files)
        assert gateway.wait() == 0
        found = gateway.pages
    assert kills > KILLS // 2
    newest = -(certain or len(expected))
    assert list(found.items())[newest:] == list(expected.items())[newest:]
    assert certain or len(found) == len(expected)
