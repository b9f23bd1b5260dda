"""Memory that stays flat: ten million rows of a file, and a hundred thousand distinct sensors.

The rows are also computed in the straightforward way, and the results compared.
"""

import argparse
import sys
import time
from collections import deque
from math import fsum
from pathlib import Path

import msgspec
from rig import SENSORS, Child, table, workplace

from gaugeway import Reading

CONFIGURATION = """\
node: bench
limits: {{max_sensors: {most}}}
sources:
  history:
    type: csv
    path: rows.csv
    format: {{sensor: sensor, value: value, time: time}}
    sensors: {{"*": {{kind: temperature, unit: °C, range: [0, 30]}}}}
stages: [in_range, normalise, {{average: {{last: 10}}}}]
sinks:
  archive: {{type: file, path: out.jsonl}}
"""
WARM_AFTER = 0.05


def rows(file: Path, count: int, sensors: int) -> None:
    """Write a CSV file; a few of its values are out of range."""
    with file.open("w") as stream:
        stream.write("sensor,value,time\n")
        for start in range(0, count, 10_000):
            stream.writelines(row(number, sensors) for number in range(start, min(count, start + 10_000)))


def row(number: int, sensors: int) -> str:
    """Return one row."""
    return f"s{number % sensors},{(number * 7919 % 3100) / 100},{1_700_000_000 + number / 10:.1f}\n"


def agree(source: Path, output: Path) -> tuple[int, int]:
    """Compare every line of the output with a straightforward computation; return how many agree, and all."""
    windows: dict[str, deque[float]] = {}
    same = whole = 0
    decode = msgspec.json.Decoder(Reading).decode
    with source.open() as taken, output.open("rb") as given:
        next(taken)
        for line in taken:
            sensor, text, when = line.split(",")
            value = float(text)
            if not 0 <= value <= 30:
                continue
            window = windows.setdefault(sensor, deque(maxlen=10))
            window.append(value)
            found = decode(given.readline())
            mean = fsum(window) / len(window)
            whole += 1
            same += (
                (found.sensor, found.value, found.time, found.normal) == (sensor, value, float(when), value / 30)
                and found.average is not None
                and abs(found.average - mean) <= 1e-12 * max(1.0, abs(mean))
            )
        whole += len(given.readlines())
    return same, whole


def watched(folder: Path, most: int) -> tuple[float, float, float]:
    """Run a gateway to its end; return the memory when it is warm, the most there ever was, and the seconds."""
    (folder / "gateway.yaml").write_text(CONFIGURATION.format(most=most))
    child = Child([sys.executable, "-m", "gaugeway", "run", folder / "gateway.yaml"])
    output, size = folder / "out.jsonl", (folder / "rows.csv").stat().st_size
    warm = 0.0
    while child.running():
        if not warm and output.exists() and output.stat().st_size > size * WARM_AFTER:
            warm = child.resident_mb()
        time.sleep(0.05)
    cost = child.end()
    return warm, cost.peak_mb, time.monotonic() - child.began


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rows", type=int, default=10_000_000)
    words.add_argument("--sensors", type=int, default=100_000)
    given = words.parse_args()
    with workplace() as folder:
        rows(folder / "rows.csv", given.rows, SENSORS)
        warm, peak, seconds = watched(folder, 10_000)
        same, whole = agree(folder / "rows.csv", folder / "out.jsonl")
    table(
        f"{given.rows:,} rows through filter, normalise, average of 10 and a file",
        ["resident MB at 5 %", "peak MB", "difference", "seconds", "lines", "lines that agree"],
        [[f"{warm:.1f}", f"{peak:.1f}", f"{peak - warm:+.2f}", f"{seconds:.0f}", f"{whole:,}", f"{same:,}"]],
    )
    found: list[list[str]] = []
    for sensors, most in ((SENSORS, 10_000), (given.sensors, 10_000), (given.sensors, given.sensors)):
        with workplace() as folder:
            rows(folder / "rows.csv", 10 * given.sensors, sensors)
            _, peak, _ = watched(folder, most)
        found.append([f"{sensors:,}", f"{most:,}", f"{peak:.1f}"])
    table("Distinct sensors", ["sensors in the file", "max_sensors", "peak MB"], found)


if __name__ == "__main__":
    main()
