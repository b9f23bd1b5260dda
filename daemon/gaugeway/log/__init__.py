"""Structured logs: an event in plain words and the facts beside it.

Built on `logging`, so that what a third party logs goes the same way; it is imported with the first event, because
most commands have none. A log line costs nothing in a pipeline: events of the hot path are counted there and logged
from here at a bounded rate. `lines` writes them down, `way` sends them.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging

DEBUG: Final = 10
INFO: Final = 20
WARNING: Final = 30
ERROR: Final = 40


class Logger:
    """Logs events under one name: `log.warning("port is gone", port=path)`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def debug(self, event: str, /, **facts: object) -> None:
        """Log what only a developer wants to read."""
        self._emit(DEBUG, event, facts)

    def info(self, event: str, /, **facts: object) -> None:
        """Log a normal event worth keeping."""
        self._emit(INFO, event, facts)

    def warning(self, event: str, /, **facts: object) -> None:
        """Log what somebody should look at when there is time."""
        self._emit(WARNING, event, facts)

    def error(self, event: str, /, *, error: BaseException | None = None, **facts: object) -> None:
        """Log what somebody has to mend; `error` adds its traceback."""
        self._emit(ERROR, event, facts, error)

    @cached_property
    def _log(self) -> "logging.Logger":
        import logging  # noqa: PLC0415  (see above)

        return logging.getLogger(self._name)

    def _emit(self, level: int, event: str, facts: dict[str, object], error: BaseException | None = None) -> None:
        if self._log.isEnabledFor(level):
            trace = (type(error), error, error.__traceback__) if error else None
            self._log.log(level, event, extra={"facts": facts}, exc_info=trace)


def logger(name: str) -> Logger:
    """Return the logger of a module, asked for once at its top with `__name__`."""
    return Logger(name)
