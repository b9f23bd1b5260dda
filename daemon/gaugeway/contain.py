"""The one place that catches any exception: what other people's code may raise is kept from doing harm."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TypeVar

from gaugeway.errors import GaugewayError, PluginError

T = TypeVar("T")


class Signal(BaseException):
    """What the engine itself raises to end generators; it passes through other people's code untouched."""


PASSES: Final = (GeneratorExit, Signal)


class Contained:
    """Runs a block and keeps the exception that ends it: `with Contained() as fault: ...; if fault.error: ...`.

    Only for code that is not ours (plugins). `SystemExit` counts as an error of the plugin; an interrupt from the
    keyboard, the end of a generator and the engine's own signals pass. Keyboards interrupt the main thread alone: on
    any other the interrupt is an error of the plugin too, which would end that thread without a word.
    """

    error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is not None and not _passes(error):
            self.error = error
        return self.error is not None


def contained(call: Callable[[T], None], handed: T) -> BaseException | None:
    """Do one call as in a `Contained` block, for half the price of one, and return the exception that ended it."""
    try:
        call(handed)
    except BaseException as error:
        if _passes(error):
            raise
        return error
    return None


class Blamed:
    """Runs a block of somebody else's code and turns what it raises into a `PluginError` that says so in words."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not _passes(error):
            raise PluginError(f"{self.sentence}: {in_words(error)}") from error


def _passes(error: BaseException) -> bool:
    typed = isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()
    return typed or isinstance(error, PASSES)


def in_words(error: BaseException) -> str:
    """Return what an exception says, in one line, with its kind where the text alone would be a riddle."""
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    if isinstance(error, GaugewayError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
