"""What an operator waits for: start, stop, and an answer about health; and what 50 sensors cost all day."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from rig import SENSORS, Child, lines, middle, mosquitto, table, wait_for, workplace

GAUGEWAY = (sys.executable, "-P", "-m", "gaugeway")
QUOTA = 0.25
PERIOD = 100_000
PAUSE = 0.3
"""Between two questions, in which a quota fills up again; who asks on and on waits for what the last answer took."""
CONFIGURATION = """\
node: bench
sources:
  plant: {{type: synthetic, every: {every}, sensors: {{{sensors}}}}}
stages: [in_range, normalise, {{average: {{last: 10}}}}]
sinks:
  archive: {{type: file, path: out.jsonl}}
  phone: {{type: alert, broker: 'mqtt://127.0.0.1:{port}'}}
alerts:
  hot: {{sensors: ["s*"], above: 90}}
"""


def configured(folder: Path, port: int, every: str = "1s") -> Path:
    """Write the configuration of a gateway with 50 sensors, and return its path."""
    kinds = "kind: temperature, unit: °C, range: [-40, 125]"
    sensors = ", ".join(f"s{number}: {{{kinds}}}" for number in range(SENSORS))
    file = folder / "gateway.yaml"
    file.write_text(CONFIGURATION.format(every=every, sensors=sensors, port=port), encoding="utf-8")
    return file


def took(word: str, file: Path, folder: Path) -> float:
    """Run one command to its end, and return the milliseconds that it took."""
    around = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    around["XDG_RUNTIME_DIR"] = str(folder)
    began = time.perf_counter()
    subprocess.run([*GAUGEWAY, word, file], env=around, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000


def starts_and_stops(file: Path, folder: Path, runs: int) -> tuple[list[float], list[float]]:
    """Start and stop it so many times, each at another moment between two readings."""
    starts: list[float] = []
    stops: list[float] = []
    for turn in range(runs + 1):
        start = took("start", file, folder)
        time.sleep(0.5 + turn / runs)
        stop = took("stop", file, folder)
        if turn:  # the first one compiles
            starts.append(start)
            stops.append(stop)
    return starts, stops


def answers(file: Path, folder: Path, runs: int, pause: float = 0.0) -> list[float]:
    """Ask for health so many times; after a pause, each at another moment of the quota's period."""
    found: list[float] = []
    took("start", file, folder)
    try:
        for turn in range(runs + 1):
            time.sleep(pause * (1 + turn / runs))
            found.append(took("health", file, folder))
    finally:
        took("stop", file, folder)
    return found[1:]


@contextmanager
def throttled() -> Generator[bool]:
    """Give this process and those that it starts a quarter of a core; yield whether that could be done."""
    new, old = Path("/sys/fs/cgroup/gaugeway-bench"), Path("/sys/fs/cgroup/cpu/gaugeway-bench")
    group = new if (new.parent / "cgroup.controllers").exists() else old
    before = group.parent / "cgroup.procs"
    try:
        group.mkdir()
        if group == new:
            (group / "cpu.max").write_text(f"{int(PERIOD * QUOTA)} {PERIOD}")
        else:
            (group / "cpu.cfs_quota_us").write_text(str(int(PERIOD * QUOTA)))
        (group / "cgroup.procs").write_text(str(os.getpid()))
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        before.write_text(str(os.getpid()))
        wait_for(lambda: not (group / "cgroup.procs").read_text().split())
        group.rmdir()


def all_day(file: Path, seconds: float) -> tuple[float, float, int]:
    """Run it for so long; return the percentage of a core, the memory, and how many readings it has written."""
    child = Child([*GAUGEWAY, "run", file])
    output = file.parent / "out.jsonl"
    before = lines(output)
    wait_for(lambda: lines(output) > before)
    used, began, first = child.cpu(), time.monotonic(), lines(output)
    time.sleep(seconds)
    share = 100 * (child.cpu() - used) / (time.monotonic() - began)
    found = share, child.resident_mb(), lines(output) - first
    child.end()
    return found


def row(name: str, goal: str, found: list[float]) -> list[str]:
    """Return a line of the table."""
    return [name, f"{middle(found):.0f}", f"{min(found):.0f}", f"{max(found):.0f}", goal]


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--runs", type=int, default=10)
    words.add_argument("--seconds", type=float, default=30.0)
    given = words.parse_args()
    with workplace() as folder, mosquitto(folder) as port:
        file = configured(folder, port)
        starts, stops = starts_and_stops(file, folder, given.runs)
        rows = [row("start, until all of it runs", "500", starts), row("stop, until all is on disk", "1000", stops)]
        rows.append(row("health", "150", answers(file, folder, given.runs)))
        with throttled() as slow:
            if slow:
                calm, busy = answers(file, folder, given.runs, PAUSE), answers(file, folder, given.runs)
                rows.append(row("health, on a quarter of a core", "150", calm))
                rows.append(row("the same, asked on and on", "150", busy))
        table("Words of an operator", ["", "median ms", "least", "most", "goal"], rows)
        share, memory, written = all_day(file, given.seconds)
    table(
        f"{SENSORS} sensors once a second, filtered, normalised, averaged, written, and watched by a rule",
        ["% of a core", "resident MB", "readings a second"],
        [[f"{share:.2f}", f"{memory:.1f}", f"{written / given.seconds:.0f}"]],
    )


if __name__ == "__main__":
    main()
