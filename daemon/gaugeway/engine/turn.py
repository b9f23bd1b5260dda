"""Who is at work: a pipeline with one burst, or somebody who needs it to be between two bursts."""

import threading
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager


class Turn:
    """Entered by a pipeline for each burst; `paused` keeps it out and returns once it is between two.

    Two locks, because a busy pipeline would take a single one again before anybody else could.
    """

    def __init__(self) -> None:
        self._door = threading.Lock()
        self._inside = threading.Lock()

    def __enter__(self) -> None:
        with self._door:
            self._inside.acquire()

    def __exit__(self, *_: object) -> None:
        self._inside.release()

    @contextmanager
    def paused(self) -> Generator[None]:
        """Hold the pipeline between two bursts."""
        with self._door, self._inside:
            yield


@contextmanager
def all_paused(turns: Iterable[Turn]) -> Generator[None]:
    """Hold several pipelines at once, always in the same order."""
    with ExitStack() as stack:
        for turn in turns:
            stack.enter_context(turn.paused())
        yield
