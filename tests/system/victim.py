"""A gateway as a process in a folder of its own: started, killed at any moment, and asked to stop in the end."""

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

PATIENCE: Final = 60.0
PACKED: Final = ".gz"
ORDINARY: Final[Mapping[str, str]] = {}


class Victim:
    """A folder with a configuration, a state and an output `out.jsonl`, and the process that works there, if any.

    `configuration` is a template, of which `start` fills in what changes from life to life; `disk` is where state
    and output are, as `{disk}`, if that is somewhere else.
    """

    def __init__(self, folder: Path, configuration: str, disk: Path | None = None) -> None:
        self.folder = folder
        self.disk = disk or folder
        self.config = folder / "gateway.yaml"
        self.output = self.disk / "out.jsonl"
        self.log = folder / "gateway.log"
        self._configuration = configuration
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None, "it was never started"
        return self._process.pid

    @property
    def size(self) -> int:
        """How many bytes of output there are, -1 where there is none."""
        try:
            return self.output.stat().st_size
        except FileNotFoundError:
            return -1

    @property
    def pages(self) -> dict[str, bytes]:
        """What is in each file of the output, in the order of writing, compressed or not."""
        while True:
            with suppress(FileNotFoundError):  # it was rotated between the look at the folder and the look into it
                return self._read_pages()

    def _read_pages(self) -> dict[str, bytes]:
        files = {self._plain(file): file for file in sorted(self._files(), reverse=True)}  # the plain form counts
        return {
            plain.name: gzip.decompress(file.read_bytes()) if file != plain else file.read_bytes()
            for plain, file in sorted(files.items())
        }

    @property
    def lines(self) -> int:
        """How many lines of output there are."""
        return sum(page.count(b"\n") for page in self.pages.values())

    def _files(self) -> list[Path]:
        return [file for file in self.disk.glob("out*") if file.suffix in (self.output.suffix, PACKED)]

    def _plain(self, file: Path) -> Path:
        return file.with_suffix("") if file.suffix == PACKED else file

    def start(
        self, *, under: Sequence[str] = (), environment: Mapping[str, str] = ORDINARY, **settings: object
    ) -> None:
        """Start it with these settings, maybe under another command such as strace."""
        self._configure(settings)
        command = [*under, sys.executable, "-m", "gaugeway", "run", str(self.config)]
        around = {**os.environ, "RUNTIME_DIRECTORY": str(self.folder), **environment}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=around, start_new_session=True)

    def reload(self, **settings: object) -> None:
        """Have it go over to other settings while it runs."""
        self._configure(settings)
        os.kill(self.pid, signal.SIGHUP)

    def _configure(self, settings: Mapping[str, object]) -> None:
        self.config.write_text(self._configuration.format(disk=self.disk, **settings))

    def wait_for_progress(self, patience: float = PATIENCE) -> None:
        """Wait until the output changes, for so many seconds at most: it may be held up by something else."""
        before, deadline = self.size, time.monotonic() + patience
        while self.size == before and self.running and time.monotonic() < deadline:
            time.sleep(0.005)

    def kill(self) -> bool:
        """Kill it, and whatever runs it; tell whether it was alive until then, or killed before, as it should be."""
        self.fell()
        return self._end() == -signal.SIGKILL

    def fell(self) -> None:
        """Kill it without waiting for its end: a process that waits for a dead disk ends with the disk."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to stop and return its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self._end()

    def wait(self) -> int:
        """Wait until it ends by itself and return its exit code."""
        return self._end()

    def _end(self) -> int:
        process, self._process = self._process, None
        assert process is not None, "it was never started"
        return process.wait(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.kill()
