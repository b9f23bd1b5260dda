"""What each command costs before it does anything: time and resident memory, against the libraries alone."""

import argparse
import sys
import time

from rig import ROOT, Child, middle, table

ALONE = "import yaml, msgspec"
COMMANDS = {
    f'python3 -c "{ALONE}"': ["-c", ALONE],
    "gaugeway --help": ["-m", "gaugeway", "--help"],
    "gaugeway check (a small file)": ["-m", "gaugeway", "check", str(ROOT / "configs/minimal.yaml")],
    "gaugeway plugins": ["-m", "gaugeway", "plugins"],
    "gaugeway health": ["-m", "gaugeway", "health", "/nowhere.yaml"],
}


def once(words: list[str]) -> tuple[float, float, float]:
    """Run a command; return wall and CPU milliseconds and the peak memory."""
    began = time.perf_counter()
    child = Child([sys.executable, *words])
    while child.running():
        time.sleep(0.0005)
    wall = time.perf_counter() - began
    cost = child.end()
    return wall * 1000, cost.cpu * 1000, cost.peak_mb


def main() -> None:
    """Measure in turn, and print the medians."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--runs", type=int, default=9)
    given = words.parse_args()
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in COMMANDS}
    for turn in range(given.runs + 1):
        for name, command in COMMANDS.items():
            cost = once(command)
            if turn:  # the first one compiles
                found[name].append(cost)
    reference = middle([cpu for _, cpu, _ in next(iter(found.values()))])
    rows = []
    for name, costs in found.items():
        wall, cpu, memory = (middle(list(column)) for column in zip(*costs, strict=True))
        rows.append([name, f"{wall:.0f}", f"{cpu:.0f}", f"{cpu / reference:.2f}", f"{memory:.1f}"])
    table("Commands", ["", "wall ms", "CPU ms", "CPU ratio", "peak RSS MB"], rows)


if __name__ == "__main__":
    main()
