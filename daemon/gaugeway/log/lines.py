"""How events are written down: as text, as JSON, or for the journal."""

import logging
import time
from typing import Final

import msgspec


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
        line |= {name + "_" * (name in line): fact for name, fact in facts_of(record).items()}
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


def facts_of(record: logging.LogRecord) -> dict[str, object]:
    """Return what stands beside an event, legible."""
    found: dict[str, object] = getattr(record, "facts", {})
    return {name: legible(fact) for name, fact in found.items()}


def legible(fact: object) -> object:
    """Return what came over a line as text; all else as it is."""
    return fact.decode("utf-8", "backslashreplace") if isinstance(fact, bytes) else fact


def _sentence(record: logging.LogRecord) -> str:
    facts = " ".join(f"{name}={_shown(fact)}" for name, fact in facts_of(record).items())
    return f"{record.getMessage()}  {facts}".rstrip()


def _as_text(fact: object) -> object:
    return fact if isinstance(fact, float) else str(fact).encode("utf-8", "backslashreplace").decode()


def _shown(fact: object) -> str:
    text = f"{fact:g}" if isinstance(fact, float) else str(fact)
    return repr(text) if " " in text or not text.isprintable() else text
