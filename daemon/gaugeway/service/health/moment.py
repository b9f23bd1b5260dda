"""Asks what may not answer: a part that waits for a disk that does not come back must not keep health waiting too."""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from gaugeway.contain import Contained, in_words

PATIENCE: Final = 0.25

T = TypeVar("T")


class Speechless(Exception):  # noqa: N818  (it is no error of who asks)
    """A part does not answer, or answers with a fault."""


class Moment:
    """Gives each part a moment to answer, on a thread of its own; one that is still at it is not asked again.

    Who asks while another is being answered waits for that: a part that is telling somebody is not dumb.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._turn = threading.Lock()
        self._busy: dict[str, threading.Thread] = {}

    def ask(self, part: str, tell: Callable[[], T]) -> T:
        """Return what a part tells; `Speechless` says why it does not."""
        with self._turn:
            before = self._busy.get(part)
            if before is not None and before.is_alive():
                raise Speechless("does not answer")
            told: list[T] = []
            fault = Contained()

            def listen() -> None:
                with fault:
                    told.append(tell())

            thread = self._busy[part] = threading.Thread(target=listen, name=f"asking {part}", daemon=True)
            thread.start()
            thread.join(self._patience)
        if told:
            return told[0]
        raise Speechless(in_words(fault.error) if fault.error else "does not answer")
