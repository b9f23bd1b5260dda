"""Errors as a sentence and an exit code."""

import sys
from types import TracebackType

from gaugeway.cli.speech import exits


class Told:
    """Runs a command and turns the error that ends it into words: `with Told("health") as told: ...; told.code`.

    Kinds of errors are looked up only when there is one: to import them takes longer than a quick command may.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.code = exits.WELL

    def __enter__(self) -> "Told":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None or isinstance(error, SystemExit | KeyboardInterrupt):
            return False
        if isinstance(error, BrokenPipeError):
            sys.stderr.close()
            return True
        return self._known(error)

    def _known(self, error: BaseException) -> bool:
        from gaugeway.contain import in_words  # noqa: PLC0415  (slow, see above)
        from gaugeway.errors import ConfigError, GaugewayError  # noqa: PLC0415
        from gaugeway.service.presence.client import NoAnswerError, RefusedError  # noqa: PLC0415
        from gaugeway.service.presence.find import UnclearError  # noqa: PLC0415

        if isinstance(error, ConfigError):
            placed = any(problem.place for problem in error.problems)
            return self._say(str(error) if placed else f"gaugeway {self._name}: {error}", exits.CONFIGURATION)
        if isinstance(error, RefusedError):
            words = str(error) if error.code == exits.CONFIGURATION else f"gaugeway {self._name}: {error}"
            return self._say(words, error.code)
        if isinstance(error, GaugewayError | NoAnswerError | OSError):
            words = in_words(error) if isinstance(error, OSError) else str(error)
            return self._say(f"gaugeway {self._name}: {words}", exits.UNWELL)
        return isinstance(error, UnclearError) and self._say(f"gaugeway {self._name}: {error}", exits.USAGE)

    def _say(self, words: str, code: int) -> bool:
        print(words, file=sys.stderr)
        self.code = code
        return True
