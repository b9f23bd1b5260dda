"""Who is at work: a pipeline with one burst, or somebody who needs it to be between two bursts."""

import threading
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager


class Turn:
    """Taken by a pipeline for each burst (`inside`); `paused` keeps it out and returns once it is between two.

    A busy pipeline would take its turn again before anybody else could: while it is `wanted`, it steps aside before.
    """

    def __init__(self) -> None:
        self.inside = threading.Lock()
        self.wanted = False
        self._door = threading.Lock()

    def step_aside(self) -> None:
        """Let whoever waits have it."""
        with self._door:
            pass

    @contextmanager
    def paused(self) -> Generator[None]:
        """Hold the pipeline between two bursts."""
        with self._door:
            self.wanted = True
            try:
                with self.inside:
                    yield
            finally:
                self.wanted = False


@contextmanager
def all_paused(turns: Iterable[Turn]) -> Generator[None]:
    """Hold several pipelines at once, always in the same order."""
    with ExitStack() as stack:
        for turn in turns:
            stack.enter_context(turn.paused())
        yield
