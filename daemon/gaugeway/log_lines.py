"""How events are written down: in one of three forms, and never more than a few a minute of one kind."""

import logging
import os
import sys
import threading
import time
from typing import Final, Literal, TextIO

import msgspec

Format = Literal["text", "json", "journal"]
BURST: Final = 5
PERIOD: Final = 60.0
MANY: Final = 1000
PARTS: Final = ("source", "sink", "plugin", "stage", "sensor")


class RateLimit(logging.Filter):
    """Lets the first few events of one kind through in each minute, then says how many it held back."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str, str], tuple[float, int]] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Decide on one event; the first of a new minute carries the number that was held back."""
        facts = _facts(record)
        kind = (record.name, str(record.msg), str(next(filter(None, map(facts.get, PARTS)), "")))
        now = time.monotonic()
        with self._lock:
            began, count = self._seen.get(kind, (now, 0))
            if now - began >= PERIOD:
                if count > BURST:
                    record.__dict__["facts"] = {**facts, "held_back": count - BURST}
                began, count = now, 0
            if len(self._seen) >= MANY and kind not in self._seen:
                self._seen.clear()
            self._seen[kind] = (began, count + 1)
        return count < BURST


class TextLines(logging.Formatter):
    """One readable line an event: time, level, event, then `name=fact`."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one event."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        text = _sentence(record) + self._trace(record)
        # Indented, so that nothing a device or a library says can look like an event of its own.
        return f"{stamp} {record.levelname.lower():7} " + text.replace("\n", "\n    ")

    def _trace(self, record: logging.LogRecord) -> str:
        return "\n" + self.formatException(record.exc_info) if record.exc_info else ""


class JsonLines(TextLines):
    """One JSON object an event."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one event."""
        line = {"time": record.created, "level": record.levelname.lower(), "logger": record.name}
        line["event"] = record.getMessage()
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        line |= {name + "_" * (name in line): fact for name, fact in _facts(record).items()}
        try:
            return msgspec.json.encode(line, enc_hook=str).decode()
        except (TypeError, ValueError):  # half a surrogate, a dictionary with odd keys
            return msgspec.json.encode({name: _as_text(fact) for name, fact in line.items()}).decode()


class JournalText(TextLines):
    """What people read in the journal, which has the time and the level itself."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one event."""
        return _sentence(record) + self._trace(record)


class JournalLines(TextLines):
    """What systemd-journald reads from standard error: the priority in front, no time of its own."""

    PRIORITY: Final = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}

    def format(self, record: logging.LogRecord) -> str:
        """Format one event; each line of a traceback carries the priority."""
        priority = f"<{self.PRIORITY.get(record.levelname, 6)}>"
        text = _sentence(record) + self._trace(record)
        return "\n".join(priority + line for line in text.split("\n"))


def _facts(record: logging.LogRecord) -> dict[str, object]:
    found: dict[str, object] = getattr(record, "facts", {})
    return {name: legible(fact) for name, fact in found.items()}


def legible(fact: object) -> object:
    """Return what came over a line as text; all else as it is."""
    return fact.decode("utf-8", "backslashreplace") if isinstance(fact, bytes) else fact


def _sentence(record: logging.LogRecord) -> str:
    facts = " ".join(f"{name}={_shown(fact)}" for name, fact in _facts(record).items())
    return f"{record.getMessage()}  {facts}".rstrip()


def _as_text(fact: object) -> object:
    return fact if isinstance(fact, float) else str(fact).encode("utf-8", "backslashreplace").decode()


def _shown(fact: object) -> str:
    text = f"{fact:g}" if isinstance(fact, float) else str(fact)
    return repr(text) if " " in text or not text.isprintable() else text


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
        from gaugeway.journald import Journald  # noqa: PLC0415  (only under systemd)

        handler = Journald(JournalText().format, handler)
    handler.addFilter(_rate_limit())
    root, after = logging.getLogger(), list[logging.Handler]([handler])
    before, root.handlers = root.handlers, after  # at once: other threads go on logging
    root.setLevel(level.upper())
    for one in before:
        one.close()
    return handler
