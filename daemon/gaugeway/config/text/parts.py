"""What a file takes in from elsewhere: `!include`, `!secret NAME`, `${NAME}` and `${NAME:-default}`."""

import re
from collections.abc import Mapping as Table
from pathlib import Path
from typing import Final

import msgspec

from gaugeway.config.text.compose import INCLUDE, SECRET, compose
from gaugeway.config.text.nearest import nearest
from gaugeway.config.text.nodes import Hole, Node, Scalar
from gaugeway.config.text.review import Review
from gaugeway.config.text.secrets import Secrets
from gaugeway.config.text.text import Judge, Text, decode, read_text

VARIABLE: Final = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
DEEPEST: Final = 10


class Parts:
    """Reads the main file and all that it includes, and puts in what stands elsewhere."""

    def __init__(
        self, folder: Path, review: Review, environment: Table[str, str], instead: Table[Path, bytes] | None = None
    ) -> None:
        self.folder = folder
        self.review = review
        self.environment = environment
        self.checksums: dict[Path, int] = {}
        credentials = environment.get("CREDENTIALS_DIRECTORY")
        self.secrets = Secrets(folder, Path(credentials) if credentials else None, self.checksums)
        self.judge: Judge | None = None
        self.files: list[str] = []
        self.instead = instead or {}
        self.rule_files: list[str] = []
        self._open: list[Path] = []
        self._lead = Path()

    def file(self, path: Path, shown: str, at: Node | None = None) -> Node | None:
        """Return what a file says; where it cannot be read, the review is told at `at`, which asked for it."""
        if at is None:
            self._lead = Path(shown).parent
        elif path.is_fifo():  # who reads one waits for somebody to write
            self.review.error(at, f"{shown} is a pipe, not a file")
            return None
        text = decode(self.instead[path], shown) if path in self.instead else read_text(path, shown)
        if isinstance(text, Text):
            self.checksums[path] = text.checksum
            return self.text(text, path)
        if at is not None and text.place is None:
            self.review.error(at, text.message, text.hint)
        else:
            self.review.problems.append(text)
        return None

    def shown(self, path: Path) -> str:
        """Return how a file is called: as the main file is, so that it is found from where somebody called that."""
        return str(self._lead / path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)

    def text(self, text: Text, path: Path) -> Node | None:
        """Return what a text says that stands, or would stand, at `path`."""
        if text.name not in self.files:
            self.files.append(text.name)
        self._open.append(path)
        try:
            return compose(text, self.review, self.settle, self.judge if len(self._open) == 1 else None)
        finally:
            self._open.pop()

    def included(self, at: Scalar) -> Node:
        """Return what the file says that a scalar names."""
        path = self._open[-1].parent / at.value if self._open else self.folder / at.value
        if "\0" in at.value:
            self.review.error(at, "this has to be a path, and the character U+0000 is in none")
        elif path in self._open:
            self.review.error(at, f"{at.echo} is included by itself")
        elif len(self._open) >= DEEPEST:
            self.review.error(at, f"files are included more than {DEEPEST} deep")
        else:
            before = len(self.review.problems)
            found = self.file(path, self.shown(path), at)
            if found is not None:
                return found
            if len(self.review.problems) == before:
                self.review.error(at, f"{at.echo} says nothing")
        return hole(at)

    def settle(self, scalar: Scalar) -> Node:
        """Return what a scalar stands for, if that is something from elsewhere."""
        if scalar.tag == INCLUDE:
            return self.included(scalar)
        if scalar.tag == SECRET:
            value = self.secrets.find(scalar, self.review)
            return hole(scalar) if value is None else self._hidden(scalar, value, f"!secret {scalar.value}")
        return self._expanded(scalar)

    def _expanded(self, scalar: Scalar) -> Node:
        missing: list[str] = []
        hidden = False

        def value_of(match: re.Match[str]) -> str:
            nonlocal hidden
            name, default = match[1], match[2]
            if name is None:
                return "${"
            hidden = True
            value = self.environment.get(name) or default
            if value is None:
                missing.append(name)
            return value or ""

        value = VARIABLE.sub(value_of, scalar.value)
        if missing:
            return self._unset(scalar, missing[0])
        return self._hidden(scalar, value, scalar.value) if hidden else msgspec.structs.replace(scalar, value=value)

    def _hidden(self, scalar: Scalar, value: str, shown: str) -> Scalar:
        self.review.hidden.add(value)
        return msgspec.structs.replace(scalar, value=value, shown=shown)

    def _unset(self, scalar: Scalar, name: str) -> Node:
        guess = nearest(name, self.environment)
        hint = f"did you mean ${{{guess}}}?" if guess else f"set it, or give a default: ${{{name}:-…}}"
        self.review.error(scalar, f"the environment has no variable {name}", hint)
        return hole(scalar)


def hole(node: Node) -> Hole:
    """Return what stands for a node that could not be had; nothing more is said about it."""
    return Hole(node.text, node.line, node.column, node.width)
