"""What each command costs before it does anything, against the libraries alone, and how soon a daemon is at work."""

import argparse
import os
import socket
import sys
import time

from rig import ROOT, SENSORS, Child, lines, middle, table, wait_for, workplace

ALONE = "import yaml, msgspec"
COMMANDS = {
    f'python3 -c "{ALONE}"': ["-c", ALONE],
    "gaugeway --help": ["-m", "gaugeway", "--help"],
    "gaugeway check (a small file)": ["-m", "gaugeway", "check", str(ROOT / "configs/minimal.yaml")],
    "gaugeway plugins": ["-m", "gaugeway", "plugins"],
    "gaugeway health": ["-m", "gaugeway", "health", "/nowhere.yaml"],
}
PLANT = ", ".join(f"s{number}: {{kind: flow, unit: L/min}}" for number in range(SENSORS))
DAEMON = f"""\
node: bench
sources:
  plant: {{type: synthetic, every: 1s, sensors: {{{PLANT}}}}}
stages: [in_range, normalise, {{average: {{last: 10}}}}]
sinks:
  archive: {{type: file, path: out.jsonl}}
alerts:
  high: {{sensors: ["s*"], above: 50 L/min}}
"""
IDLE = 10.0


def once(words: list[str]) -> tuple[float, float, float]:
    """Run a command; return wall and CPU milliseconds and the peak memory."""
    began = time.perf_counter()
    child = Child([sys.executable, *words])
    while child.running():
        time.sleep(0.0005)
    wall = time.perf_counter() - began
    cost = child.end()
    return wall * 1000, cost.cpu * 1000, cost.peak_mb


def begun() -> tuple[float, float, float, float]:
    """Run a daemon; return its milliseconds to ready and to the first record, its memory and its share of a core."""
    with workplace() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        (folder / "gateway.yaml").write_text(DAEMON)
        systemd.bind(str(folder / "notify"))
        systemd.setblocking(False)
        os.environ["NOTIFY_SOCKET"] = str(folder / "notify")
        began = time.perf_counter()
        child = Child([sys.executable, "-m", "gaugeway", "run", folder / "gateway.yaml"])
        wait_for(lambda: is_ready(systemd))
        ready = time.perf_counter() - began
        wait_for(lambda: lines(folder / "out.jsonl") > 0)
        first = time.perf_counter() - began
        time.sleep(IDLE / 5)
        before, resident = child.cpu(), child.resident_mb()
        time.sleep(IDLE)
        share = (child.cpu() - before) / IDLE
        child.end()
        return ready * 1000, first * 1000, resident, share


def is_ready(systemd: socket.socket) -> bool:
    """Tell whether the daemon has just said that it is ready."""
    try:
        return b"READY=1" in systemd.recv(4096)
    except BlockingIOError:
        return False


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
    rows: list[list[str]] = []
    for name, costs in found.items():
        wall, cpu, memory = (middle(list(column)) for column in zip(*costs, strict=True))
        rows.append([name, f"{wall:.0f}", f"{cpu:.0f}", f"{cpu / reference:.2f}", f"{memory:.1f}"])
    table("Commands", ["", "wall ms", "CPU ms", "CPU ratio", "peak RSS MB"], rows)
    columns = zip(*(begun() for _ in range(given.runs)), strict=True)
    ready, first, resident, share = (middle(list(column)) for column in columns)
    table(
        f"A daemon with {SENSORS} sensors",
        ["ready after ms", "first record after ms", "resident MB", "share of a core"],
        [[f"{ready:.0f}", f"{first:.0f}", f"{resident:.1f}", f"{share:.1%}"]],
    )


if __name__ == "__main__":
    main()
