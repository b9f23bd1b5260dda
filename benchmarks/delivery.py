"""What it costs that a crash leaves no trace: CPU, bytes on the disk, and the time until a restart reads on."""

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from end_to_end import CONFIGURATION, bulk
from end_to_end import gaugeway as start_gateway
from pipeline import SENSORS, Nowhere, Readings, Threshold
from rig import Child, lines, middle, mosquitto, publish, table, wait_for, workplace

from gaugeway import Reading, Tick
from gaugeway.delivery.intake import IntakeJournal
from gaugeway.delivery.journal import Journal
from gaugeway.engine.chain import Chain, Stage
from gaugeway.engine.intake import Intake
from gaugeway.engine.outlet import Outlet
from gaugeway.engine.pipeline import Pipeline
from gaugeway.engine.recorder import Journaled
from gaugeway.plan import SinkUse, SourceUse, StageUse
from gaugeway.site import Site
from gaugeway_stages.average import Average
from gaugeway_stages.in_range import InRange
from gaugeway_stages.normalise import Normalise

SETTLED = 1.0
SECTOR = 512
PAYLOAD = len(b'{"sensor":"s49","value":20.00,"ts":1750000000.0000}')
RATES = (1.0, 10.0, 100.0, 1000.0)
NO_JOURNAL = -1.0
SYNCS = (NO_JOURNAL, 1.0, 5.0, 60.0)
BURSTS = (1, 10, 50, 256)


class InBursts:
    """A source that has so many readings at a time, and a tick behind them."""

    ticks = True

    def __init__(self, count: int, size: int) -> None:
        self._readings = Readings(count).stream()
        self._size = size

    def stream(self) -> Iterator[Reading | Tick]:
        """Yield them."""
        for number, reading in enumerate(self._readings, start=1):
            yield reading
            if number % self._size == 0:
                yield Tick()


def pipeline_alone(count: int, size: int, *, journal: bool, stages: bool) -> float:
    """Return the CPU, in nanoseconds, that a reading costs in a pipeline with or without journal and stages."""
    site, stopping = Site(sensors=SENSORS), threading.Event()
    plugins = {
        "in_range": InRange(site=site),
        "normalise": Normalise(site=site),
        "average": Average(last=10, site=site),
        "threshold": Threshold(),
    }
    made = [Stage(StageUse(type=name, id=name), plugin) for name, plugin in plugins.items()]
    chain = Chain(made if stages else [], site)
    use = SourceUse(type="readings", id="readings", sensors=SENSORS)
    intake = Intake(use, InBursts(count, size), site, chain.intake, stopping=stopping, max_sensors=10_000)
    run = Pipeline("bench", intake, chain, [Outlet(SinkUse(type="nowhere", id="nowhere"), Nowhere())], stopping)
    with workplace() as folder, closing(Journal(folder / "journal", size=1 << 30)) as kept:
        if journal:
            run.recorder = Journaled(IntakeJournal(kept), intake, sync_every=5, keeps_ticks=lambda: False)
        began = time.process_time_ns()
        run.run()
        return (time.process_time_ns() - began) / count


class Disk:
    """Where the gateway writes: a file system of its own if we are root, so that each sector is counted."""

    def __init__(self, folder: Path, device: str = "") -> None:
        self.folder = folder
        self._device = device

    def written(self, child: Child) -> int:
        """Return how many bytes have gone to the disk; without a device of its own, those of the process."""
        if self._device:
            subprocess.run(["sync", "-f", self.folder], check=True)
            return int(Path(f"/sys/class/block/{self._device}/stat").read_text().split()[6]) * SECTOR
        account = Path(f"/proc/{child.pid}/io").read_text().split()
        return int(account[account.index("write_bytes:") + 1])


@contextmanager
def disk(folder: Path) -> Generator[Disk]:
    """Yield a disk, as good as it can be had."""
    image, mounted = folder / "image", folder / "disk"
    mounted.mkdir()
    if os.geteuid() != 0:
        yield Disk(mounted)
        return
    with image.open("wb") as file:
        file.truncate(1 << 30)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image], check=True)
    found = subprocess.run(["losetup", "--find", "--show", image], check=True, capture_output=True, text=True)
    loop = found.stdout.strip()
    subprocess.run(["mount", "-o", "noatime", loop, mounted], check=True)
    try:
        yield Disk(mounted, Path(loop).name)
    finally:
        subprocess.run(["umount", "-l", mounted], check=True)
        subprocess.run(["losetup", "-d", loop], check=True)


class Wear(NamedTuple):
    """What went to the disk in a time at a rate, and what there was to keep."""

    rate: float
    sync_every: float
    payload: int
    output: int
    written: int

    def row(self, seconds: float) -> list[str]:
        """Return it as a row of the table."""
        return [
            f"{self.rate:g}",
            "no journal" if self.sync_every == NO_JOURNAL else f"{self.sync_every:g} s",
            f"{self.output / self.payload:.1f}",
            f"{self.written / self.payload:.1f}",
            f"{self.written / seconds * 86400 / 1e6:,.0f}",
        ]


def configure(port: int, folder: Path, *, sync_every: float = 5, checkpoint_every: float | None = None) -> None:
    """Write the configuration of a gateway that keeps everything on the disk in a folder."""
    drive, journal = folder / "disk", str(sync_every != NO_JOURNAL).lower()
    rhythm = f"sync_every: {max(0.0, sync_every)}s"
    if checkpoint_every is not None:
        rhythm += f", checkpoint_every: {checkpoint_every}s"
    storage = f"dir: {drive}/state, {rhythm}, journal: {journal}"
    text = CONFIGURATION.format(port=port, storage=storage, archive=drive / "out.jsonl")
    (folder / "gateway.yaml").write_text(text)


def gateway(folder: Path) -> Child:
    """Start what is configured in a folder."""
    return Child([sys.executable, "-m", "gaugeway", "run", folder / "gateway.yaml"])


def arrives(port: int, output: Path) -> None:
    """Return when readings arrive; what is published before the gateway has subscribed is for nobody."""
    while not lines(output):
        publish(port, 1)
        time.sleep(SETTLED)


def wear(seconds: float, rate: float, sync_every: float) -> Wear:
    """Return what a source at a constant rate leaves on the disk; the start does not count."""
    count = round(rate * seconds)
    with workplace() as folder, mosquitto(folder) as port, disk(folder) as drive:
        configure(port, folder, sync_every=sync_every)
        output = drive.folder / "out.jsonl"
        with gateway(folder) as child:
            arrives(port, output)
            before, size, there = drive.written(child), output.stat().st_size, lines(output)
            publish(port, count, rate=rate)
            wait_for(lambda: lines(output) >= there + count)
            written, size = drive.written(child) - before, output.stat().st_size - size
    return Wear(rate, sync_every, count * PAYLOAD, size, written)


def restart(count: int) -> float:
    """Return the seconds from the start of a gateway that was killed to the first new reading in its file."""
    with workplace() as folder, mosquitto(folder) as port, disk(folder) as drive:
        output = drive.folder / "out.jsonl"
        configure(port, folder, checkpoint_every=3600)
        with gateway(folder) as child:
            arrives(port, output)
            wanted = lines(output) + count
            publish(port, count)
            wait_for(lambda: lines(output) >= wanted)
            child.kill()
        publish(port, 1)
        began = time.monotonic()
        with gateway(folder):
            wait_for(lambda: lines(output) > wanted)
            return time.monotonic() - began


def show_pipeline(runs: int, count: int) -> None:
    """Print what journal and stages add to a pipeline with neither."""
    rows: list[list[str]] = []
    for size in BURSTS:
        turns = [
            [
                pipeline_alone(count, size, journal=journal, stages=stages)
                for journal, stages in ((False, False), (True, False), (False, True))
            ]
            for _ in range(runs)
        ]
        journal, stages = (middle([turn[index] - turn[0] for turn in turns]) for index in (1, 2))
        rows.append([str(size), f"{journal:.0f}", f"{stages:.0f}"])
    table("The pipeline alone: ns a reading", ["readings between two ticks", "journal", "four stages"], rows)


def show_cpu(runs: int, count: int) -> None:
    """Print the CPU of the whole process with and without."""
    pairs = [[bulk(start_gateway(journal=journal), count).cpu for journal in (True, False)] for _ in range(runs)]
    rows = [
        ["on", f"{middle([on for on, _ in pairs]):.2f}"],
        ["off", f"{middle([off for _, off in pairs]):.2f}"],
        ["on / off", f"{middle([on / off for on, off in pairs]):.2f}"],
    ]
    table(f"MQTT to file and alerts, {count:,} messages", ["journal and checkpoints", "CPU s"], rows)


def show_disk(seconds: float) -> None:
    """Print what goes to the disk; all at once, because it takes time and little else."""
    cases = [(rate, sync_every) for rate in RATES for sync_every in SYNCS]
    with ThreadPoolExecutor(len(cases)) as pool:
        found = list(pool.map(partial(wear, seconds), *zip(*cases, strict=True)))
    head = ["readings a second", "sync_every", "output file", "all", "MB a day"]
    rows = [one.row(seconds) for one in found]
    table(f"Bytes on the disk for each byte of the messages, over {seconds:g} s", head, rows)


def show_restart(runs: int, count: int) -> None:
    """Print how long a restart takes."""
    times = [restart(count) for _ in range(runs)]
    rows = [["median", f"{middle(times):.2f}"], ["slowest", f"{max(times):.2f}"]]
    title = f"From the start after a SIGKILL to the first new reading, {count:,} journaled readings before it"
    table(title, ["", "s"], rows)


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--runs", type=int, default=3)
    words.add_argument("--messages", type=int, default=100_000)
    words.add_argument("--seconds", type=float, default=600.0, help="how long the disks are watched")
    words.add_argument("--parts", nargs="*", choices=("pipeline", "cpu", "disk", "restart"))
    given = words.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "pipeline": lambda: show_pipeline(given.runs, given.messages),
        "cpu": lambda: show_cpu(given.runs, given.messages),
        "disk": lambda: show_disk(given.seconds),
        "restart": lambda: show_restart(given.runs, given.messages),
    }
    for part in given.parts or parts:
        parts[part]()


if __name__ == "__main__":
    main()
