"""What a YAML text says, with the place of every part: scalars, mappings and sequences."""

from collections.abc import Iterator

import msgspec

from gaugeway.config.text.text import Text
from gaugeway.errors import Problem


class Node(msgspec.Struct, eq=False):
    """One part of a text and where it stands: line and column counted from 0, and its width in that line."""

    text: Text
    line: int
    column: int
    width: int
    tag: str = ""

    def problem(self, message: str, hint: str = "") -> Problem:
        """Return a problem at this place."""
        return self.text.problem(self.line, self.column, self.width, message, hint)


class Scalar(Node, eq=False):
    """A single value as it is written; nothing is made of it before it is known what is wanted.

    `plain` says that it stands without quotes. `shown` is what may be told of a value that came from
    elsewhere (`!secret NAME`, `${NAME}`); such a value is never echoed. `loose` says that something was
    filled in, so that the quotes around it do not count.
    """

    value: str = ""
    plain: bool = True
    shown: str | None = None
    loose: bool = False

    @property
    def quoted(self) -> bool:
        """Whether quotes say that this is a text, whatever it looks like."""
        return not self.plain and self.shown is None and not self.loose

    @property
    def bare(self) -> bool:
        """Whether the lack of quotes says that this is no text where it looks like something else."""
        return self.plain and self.shown is None and not self.loose

    @property
    def empty(self) -> bool:
        """Whether this says "nothing": no text at all, `~` or `null`."""
        return self.plain and self.value in EMPTY

    @property
    def echo(self) -> str:
        """The value as it may be shown to people, shortened."""
        told = self.value if self.shown is None else self.shown
        return told if len(told) <= LONGEST_ECHO else told[: LONGEST_ECHO - 1] + "…"


class Hole(Node, eq=False):
    """Where something should stand that could not be had; that has been told, and no more is."""


class Entry(msgspec.Struct, eq=False):
    """One `key: value` of a mapping."""

    key: Scalar
    value: Node


class Mapping(Node, eq=False):
    """Keys with their values, in the order they are written."""

    entries: dict[str, Entry] = msgspec.field(default_factory=dict[str, Entry])
    flow: bool = False

    def get(self, key: str) -> Node | None:
        """Return the value of a key."""
        entry = self.entries.get(key)
        return None if entry is None else entry.value

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())


class Sequence(Node, eq=False):
    """A list of values."""

    items: list[Node] = msgspec.field(default_factory=list[Node])


EMPTY = frozenset({"", "~", "null", "Null", "NULL"})
LONGEST_ECHO = 60
