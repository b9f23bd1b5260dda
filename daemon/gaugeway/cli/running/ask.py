"""One question to a running gateway, for commands that have no use for one that does not run."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import msgspec

from gaugeway.cli.speech import exits
from gaugeway.service.health.report import Report
from gaugeway.service.presence.client import Answer, NoAnswerError, RefusedError, Talk
from gaugeway.service.presence.find import Meant, find
from gaugeway.service.presence.record import Sighting

PATIENCE: Final = 120.0
"""For what takes its time, such as bringing everything to disk."""


def asked(word: str, request: Answer, *, patience: float | None = None) -> Answer:
    """Return the answer of the gateway that a word means."""
    with Talk(running(find(word))) as talk:
        return talk.ask(request, patience=patience)


def running(meant: Meant) -> Sighting:
    """Return a gateway that runs; an error with the exit code for it where it does not."""
    if meant.seen is None or not meant.seen.alive:
        raise RefusedError(absence(meant), exits.NOT_RUNNING)
    return meant.seen


def absence(meant: Meant) -> str:
    """Say that a gateway does not run, and what can be done about it."""
    if meant.config is None:
        return "no gateway is running, and nothing says which is meant: name its configuration"
    return f"{meant.config} is not running: `gaugeway start {meant.config}` starts it"


@contextmanager
def unharmed() -> Generator[None]:
    """Say beside the mistakes of a configuration that they have changed nothing."""
    try:
        yield
    except RefusedError as error:
        if error.code != exits.CONFIGURATION:
            raise
        raise RefusedError(f"{error}\n\nThe gateway goes on as it was.", error.code) from None


def report_of(talk: Talk) -> Report:
    """Return how a gateway is."""
    try:
        return msgspec.convert(talk.ask({"ask": "health"}), Report)
    except msgspec.ValidationError as error:
        raise NoAnswerError(f"it is of another version, restart it ({error})") from None
