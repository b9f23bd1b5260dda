"""Where `!secret NAME` finds its value: systemd's credentials first, then a file beside the configuration."""

import re
import stat
from pathlib import Path
from typing import Final

import msgspec

from gaugeway.config.text.compose import compose
from gaugeway.config.text.nearest import did_you_mean
from gaugeway.config.text.nodes import Mapping, Scalar
from gaugeway.config.text.review import Review
from gaugeway.config.text.text import LARGEST, Text, read_text
from gaugeway.errors import Problem

FILE: Final = "secrets.yaml"
FOLDER: Final = "gaugeway"
NOT_SHOWN: Final = "(the line is not shown: it may hold a secret)"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


class Secrets:
    """Finds secrets by name; the file is read when the first is asked for, and noted in `checksums`."""

    def __init__(self, folder: Path, credentials: Path | None, checksums: dict[Path, int]) -> None:
        self.file = folder / FILE
        self.credentials = credentials
        self.checksums = checksums
        self._read: dict[str, str] | None = None

    def find(self, at: Scalar, review: Review) -> str | None:
        """Return the secret that a scalar names; otherwise the review is told."""
        name = at.value
        if not NAME.fullmatch(name):
            review.error(at, "a secret has a name of letters, digits and _", "write !secret mqtt_password")
            return None
        known = self._known(at, review)
        value = self._credential(name) or known.get(name)
        if value is None:
            where = (
                f"{FILE} beside the file"
                if self.credentials is None
                else f"the credentials of the service and in {FILE}"
            )
            hint = did_you_mean(name, known) or f"add the line '{name}: …' to {self.file.name}, mode 600"
            review.error(at, f"there is no secret '{name}' in {where}", hint)
        return value

    def _credential(self, name: str) -> str | None:
        """Look where systemd puts them (one of a folder has our unit's in front), then where it takes them from."""
        given = [] if self.credentials is None else [self.credentials / name, self.credentials / f"{FOLDER}_{name}"]
        for place in (*given, self.file.parent / "credentials" / name):
            try:
                with place.open(encoding="utf-8") as file:
                    return file.read(LARGEST).rstrip("\r\n")
            except (OSError, UnicodeDecodeError):
                continue
        return None

    def _known(self, at: Scalar, review: Review) -> dict[str, str]:
        if self._read is None:
            self._read = self._from_file(at, review) if self.file.exists() else {}
        return self._read

    def _from_file(self, at: Scalar, review: Review) -> dict[str, str]:
        if self.file.stat().st_mode & stat.S_IRWXO:
            review.warn(at, f"{self.file.name} can be read by every user of this computer", f"chmod 640 {self.file}")
        text = read_text(self.file, self.file.name)
        if isinstance(text, Text):
            self.checksums[self.file] = text.checksum
        apart = Review(review.folder)
        node = compose(text, apart, lambda scalar: scalar) if isinstance(text, Text) else None
        found = {entry.key.value: entry.value for entry in node} if isinstance(node, Mapping) else {}
        for value in found.values():
            if not isinstance(value, Scalar):
                apart.error(value, "a secret is one text")
        if not isinstance(text, Text):
            apart.problems.append(text)
        elif node is not None and not isinstance(node, Mapping):
            apart.error(node, "this has to be lines of 'name: secret'")
        review.problems += [_unseen(problem) for problem in apart.problems]
        return {name: value.value for name, value in found.items() if isinstance(value, Scalar)}


def _unseen(problem: Problem) -> Problem:
    return msgspec.structs.replace(problem, hint="", source_line=NOT_SHOWN)
