"""One pass over a configuration: what was found wrong or doubtful so far, and where we are."""

import re
from collections.abc import Container, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, final

import msgspec

from gaugeway.config.text.nodes import Hole, Node, Scalar
from gaugeway.errors import Problem


@final
class Wrong:
    """Stands for a value that could not be read; what is wrong with it has been told already."""


WRONG: Final = Wrong()
SHORTEST_SECRET: Final = 4
PASSWORD: Final = re.compile(r"(://[^/@\s:]*:)([^/@\s]+)(?=@)")
"""Where a password stands in an address."""
TOKEN: Final = re.compile(r"(https?://[^/\s'\"]+/)([^\s'\"}]+)")
"""Where a token stands in the address of a webhook: anywhere behind the host."""
CALLED: Final = re.compile(r"""(\b(?:password|secret|token)\b['"]?\s*:\s*)("[^"]*"?|'[^']*'?|[^!$\s,}][^,}]*)""")
"""What stands behind a name that says it, also on a line that is no YAML."""


class Review:
    """Collects problems and warnings while the nodes are read.

    `folder` is what relative paths are relative to; `hidden` are values that are never shown, and `exposed` secrets
    that stand in the open; `templates` are the names of templates, among which a key may stand that is missed
    elsewhere; `file_keys` are the keys at the top, and `misplaced` those of them that were met elsewhere.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.hidden: set[str] = set()
        self.exposed: set[str] = set()
        self.templates: Mapping[str, Scalar] = {}
        self.file_keys: Container[str] = ()
        self.misplaced: set[str] = set()
        self._path: list[tuple[str, Node | None]] = []

    @contextmanager
    def inside(self, name: str, key: Node | None = None) -> Generator[None]:
        """Say what the block is about, and where its key stands."""
        self._path.append((name, key))
        try:
            yield
        finally:
            self._path.pop()

    @property
    def subject(self) -> str:
        """What is being read, for the beginning of a sentence."""
        if not self._path:
            return "the file"
        last = self._path[-1][0]
        return last if last.startswith("item ") else f"'{last}'"

    @property
    def place(self) -> Node | None:
        """The key of what is being read."""
        return self._path[-1][1] if self._path else None

    def error(self, node: Node, message: str, hint: str = "") -> Wrong:
        """Note a mistake; returns `WRONG` so that a reader can `return review.error(...)`."""
        if not isinstance(node, Hole):
            self.problems.append(node.problem(self.redacted(message, node), self.redacted(hint, node)))
        return WRONG

    def wrong(self, node: Node, message: str, hint: str = "") -> Wrong:
        """Note a mistake in what is being read: the sentence continues after its name."""
        return self.error(node, f"{self.subject} {message}", hint)

    def warn(self, node: Node, message: str, hint: str = "") -> None:
        """Note something doubtful, which stops nothing."""
        self.warnings.append(node.problem(self.redacted(message, node), self.redacted(hint, node)))

    def redacted(self, message: str, node: Node | None = None) -> str:
        """Return a message without the secrets that it may echo."""
        if isinstance(node, Scalar) and node.shown is not None and node.value:
            message = message.replace(node.value, node.shown)
        for value in self.hidden:
            if len(value) >= SHORTEST_SECRET:
                message = message.replace(value, "***")
        return message

    def veiled(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return problems as they may be logged: what is secret in their lines is covered, and as long as it was."""
        return [
            msgspec.structs.replace(
                problem,
                message=self._covered(problem.message),
                hint=self._covered(problem.hint),
                source_line=CALLED.sub(_starred, TOKEN.sub(_starred, self._covered(problem.source_line))),
            )
            for problem in problems
        ]

    def _covered(self, text: str) -> str:
        for secret in self.exposed:
            if len(secret) >= SHORTEST_SECRET:
                text = text.replace(secret, "*" * len(secret))
        return PASSWORD.sub(_starred, text) if "://" in text else text

    def is_of_the_file(self, key: Scalar, here_as: str) -> bool:
        """Tell whether a key belongs at the top of the file, and if so that it stands elsewhere."""
        if key.value not in self.file_keys:
            return False
        self.misplaced.add(key.value)
        self.error(
            key, f"'{key.value}' is a key of the file, and stands here as {here_as}", "begin it in the first column"
        )
        return True

    def aside(self) -> "Review":
        """Return an empty review at the same place, to try something out."""
        other = Review(self.folder)
        other.hidden, other.exposed, other.templates = self.hidden, self.exposed, self.templates
        other.file_keys, other.misplaced = self.file_keys, self.misplaced
        other._path = list(self._path)
        return other

    def take(self, other: "Review") -> None:
        """Take over what another review found."""
        self.problems += other.problems
        self.warnings += other.warnings


def _starred(found: re.Match[str]) -> str:
    return found[1] + "*" * len(found[2])
