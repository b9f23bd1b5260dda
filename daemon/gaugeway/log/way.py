"""Which way events go: where, in which form, and from which level on."""

import logging
import os
import sys
from typing import Final, Literal, TextIO

from gaugeway.log.limit import RateLimit
from gaugeway.log.lines import JournalLines, JournalText, JsonLines, TextLines

Format = Literal["text", "json", "journal"]
FORMATTERS: Final[dict[Format, type[logging.Formatter]]] = {
    "text": TextLines,
    "json": JsonLines,
    "journal": JournalLines,
}


def form(wanted: str) -> Format:
    """Return the form to log in: for `auto` that of the journal where systemd listens, else text."""
    if wanted == "json":
        return "json"
    listening = wanted == "auto" and _goes_to_the_journal()
    return "journal" if wanted == "journal" or listening else "text"


def _goes_to_the_journal() -> bool:
    """Tell whether standard error is the journal's: the variable alone is inherited by every program of a desktop."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _rate_limit() -> RateLimit:
    """Return the limit that holds already: a reload sets up anew, and a storm of them is no reason to forget it."""
    filters = (one for handler in logging.getLogger().handlers for one in handler.filters)
    return next((one for one in filters if isinstance(one, RateLimit)), None) or RateLimit()


def set_up(level: str = "info", form: Format = "text", stream: TextIO | None = None) -> logging.Handler:
    """Send all events of `level` and above to `stream` (standard error) in one form; return the handler.

    Those for the journal take the way that keeps their facts apart, as long as it is open.
    """
    handler: logging.Handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(FORMATTERS[form]())
    if form == "journal" and stream is None:
        from gaugeway.log.journald import Journald  # noqa: PLC0415  (only under systemd)

        handler = Journald(JournalText().format, handler)
    handler.addFilter(_rate_limit())
    root, after = logging.getLogger(), list[logging.Handler]([handler])
    before, root.handlers = root.handlers, after  # at once: other threads go on logging
    root.setLevel(level.upper())
    for one in before:
        one.close()
    return handler
