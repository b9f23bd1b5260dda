"""Compresses and deletes finished files, on a thread of its own that lives as long as there is work."""

import threading
from typing import Final

from gaugeway import logger
from gaugeway_sinks.file.retention import Keep, surplus
from gaugeway_sinks.file.shelf import Rotated, Shelf

PATIENCE: Final = 5.0

log = logger(__name__)


class Upkeep:
    """Looks after the rotated files. What it has to do it sees from the folder, so nothing is lost in a crash."""

    def __init__(self, shelf: Shelf, *, compress: bool, keep: Keep | None) -> None:
        self._shelf = shelf
        self._compress = compress
        self._keep = keep
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._working = False
        self._task: tuple[int, float | None] | None = None
        self._stopped = threading.Event()

    def wake(self, below: int, now: float | None) -> None:
        """See to the files with numbers `below` this one; `now` is when the newest file began."""
        with self._lock:
            self._task = below, now
            if not self._working:
                self._working = True
                self._thread = threading.Thread(target=self._run, name="file upkeep", daemon=True)
                self._thread.start()

    def stop(self, patience: float = 0.0) -> None:
        """Wait so long for the work to be done, then leave the rest of it for another time."""
        with self._lock:
            thread = self._thread
        if thread is None:
            return
        thread.join(patience)
        self._stopped.set()
        thread.join()
        self._stopped.clear()

    def _run(self) -> None:
        while (task := self._next()) is not None:
            below, now = task
            try:
                self._see_to(below, now)
            except OSError as error:
                log.warning("finished files are left as they are for now", file=self._shelf.path, error=error)

    def _next(self) -> tuple[int, float | None] | None:
        with self._lock:
            task, self._task = self._task, None
            if task is None or self._stopped.is_set():
                self._working = False
                return None
            return task

    def _see_to(self, below: int, now: float | None) -> None:
        self._shelf.tidy()
        for rotated in self._shelf.files() if self._compress else ():
            if rotated.number < below and not rotated.packed and not self._stopped.is_set():
                self._pack(rotated)
        if self._keep is not None and not self._stopped.is_set():
            for rotated in surplus(self._shelf.files(), below, self._keep, now):
                self._shelf.remove(rotated)
                log.info("finished file deleted", file=rotated.path)

    def _pack(self, rotated: Rotated) -> None:
        try:
            self._shelf.pack(rotated, self._stopped.is_set)
        except OSError as error:
            # A full disk, most likely. What is to be deleted is deleted all the same, that helps.
            log.warning("cannot compress a finished file", file=rotated.path, error=error)
            self._shelf.tidy()
