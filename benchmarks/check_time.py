"""How long it takes to check a configuration: the whole command, for a small file and for one of 500 sensors.

python benchmarks/check_time.py [--runs 10]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

CONFIGS: Final = Path(__file__).resolve().parent.parent / "configs"


def large() -> str:
    """Return a configuration of 500 sensors, each written out, with a rule for each."""
    lines = ["sources:"]
    for bus in range(10):
        lines += [f"  bus{bus}:", "    type: serial", f"    port: /dev/ttyUSB{bus}", "    format: {type: keyvalue}"]
        lines += ["    sensors:"]
        lines += [f"      t{bus}_{n}: {{kind: temperature, unit: °C, range: [-40, 125]}}" for n in range(50)]
    lines += ["stages: [in_range, normalise, {average: {last: 10}}]", "sinks: {phone: {type: alert}}", "alerts:"]
    names = [f"t{bus}_{n}" for bus in range(10) for n in range(50)]
    lines += [f"  hot_{name}: {{sensor: {name}, above: 90 °C, clear_below: 85 °C, for: 30s}}" for name in names]
    return "\n".join(lines) + "\n"


def fastest(command: list[str], runs: int) -> float:
    times: list[float] = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the check of a small and of a large configuration.")
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    check = [sys.executable, "-m", "gaugeway", "check"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.yaml"
        file.write_text(large(), encoding="utf-8")
        python = fastest([sys.executable, "-c", "import yaml, msgspec"], runs)
        print(f"python with yaml and msgspec {python:6.3f} s")
        print(f"check of minimal.yaml        {fastest([*check, str(CONFIGS / 'minimal.yaml')], runs):6.3f} s")
        print(f"check of 500 sensors         {fastest([*check, str(file)], runs):6.3f} s")


if __name__ == "__main__":
    main()
