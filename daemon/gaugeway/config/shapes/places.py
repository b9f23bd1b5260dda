"""Paths, addresses, secrets and patterns."""

import re
from pathlib import Path
from typing import Final

import msgspec

from gaugeway.config.shapes.scalars import Text
from gaugeway.config.shapes.shape import Schema
from gaugeway.config.text.nearest import nearest
from gaugeway.config.text.nodes import Node, Scalar
from gaugeway.config.text.review import Review, Wrong

ADDRESS: Final = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/@\s]*@)?(\[[0-9A-Fa-f:.]+\]|[^/:@\s]*)(?::([^/]*))?(/.*)?"
)
SCHEMES: Final = ("mqtt", "mqtts", "ws", "wss", "http", "https", "tcp", "udp", "unix", "file")
LAST_PORT: Final = 65535


class PathShape(msgspec.Struct, frozen=True):
    """A file or folder; a relative one is taken from the folder of the configuration file."""

    @property
    def words(self) -> str:
        """What is allowed."""
        return "a path"

    def read(self, node: Node, review: Review) -> Path | Wrong:
        """Return the path, absolute where the folder is."""
        text = Text().read(node, review)
        if isinstance(text, Wrong):
            return text
        if not text.strip():
            return review.wrong(node, "must be a path, and is empty")
        if "\0" in text:
            return review.wrong(node, "must be a path, and the character U+0000 is in none")
        return review.folder / Path(text).expanduser() if text.startswith("~/") else review.folder / text

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"type": "string", "minLength": 1}


class SecretShape(msgspec.Struct, frozen=True):
    """A text that nobody else should read."""

    @property
    def words(self) -> str:
        """What is allowed."""
        return "a secret, written !secret NAME"

    def read(self, node: Node, review: Review) -> str | Wrong:
        """Return the secret; one that stands in the open is warned of."""
        if isinstance(node, Scalar) and node.shown is None and node.value and not node.empty:
            review.warn(
                node,
                f"{review.subject} stands here for everybody to read",
                "write !secret NAME and keep it in secrets.yaml",
            )
            review.exposed.add(node.value)
            return node.value
        return Text().read(node, review)

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"type": "string"}


class AddressShape(msgspec.Struct, frozen=True):
    """A URL: scheme, host, and port where it is not the usual one."""

    pattern: str | None = None
    example: str = "mqtt://localhost:1883"

    @property
    def words(self) -> str:
        """What is allowed."""
        return f"an address such as {self.example}"

    def read(self, node: Node, review: Review) -> str | Wrong:
        """Return the address."""
        text = Text().read(node, review)
        if isinstance(text, Wrong) or not isinstance(node, Scalar):
            return text
        match = ADDRESS.fullmatch(text)
        if match is None:
            return review.wrong(node, f"must be {self.words}, not '{node.echo}'", _hint(text))
        if self.pattern is not None and not re.search(self.pattern, text):
            return review.wrong(node, f"must be {self.words}, not '{node.echo}'")
        return self._checked(text, match, node, review)

    @staticmethod
    def _checked(text: str, match: re.Match[str], node: Node, review: Review) -> str | Wrong:
        scheme, host, port = match[1], match[2], match[3]
        guess = None if scheme in SCHEMES else nearest(scheme, SCHEMES)
        if guess:
            return review.wrong(node, f"has an unknown scheme '{scheme}'", f"did you mean {guess}://{host}?")
        if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) <= LAST_PORT):
            return review.wrong(node, f"has the port '{port}', which must be a number from 1 to {LAST_PORT}")
        if not host and scheme not in ("unix", "file"):
            return review.wrong(node, "names no host", f"did you mean {scheme}://localhost?")
        return text

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"type": "string", "pattern": self.pattern or "^[A-Za-z][A-Za-z0-9+.-]*://"}


class PatternShape(msgspec.Struct, frozen=True):
    """A regular expression."""

    @property
    def words(self) -> str:
        """What is allowed."""
        return "a regular expression"

    def read(self, node: Node, review: Review) -> re.Pattern[str] | Wrong:
        """Return the expression, compiled."""
        text = Text().read(node, review)
        if isinstance(text, Wrong):
            return text
        try:
            return re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            return review.wrong(node, f"is not a regular expression: {error}")

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"type": "string", "format": "regex"}


def _hint(text: str) -> str:
    bare = re.fullmatch(r"([A-Za-z0-9.-]+)(:[0-9]+)?", text)
    return f"did you mean mqtt://{text}?" if bare else "write scheme://host:port"
