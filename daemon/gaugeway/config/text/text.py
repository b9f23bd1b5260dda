"""The text of one configuration file, decoded, with its lines for showing mistakes in."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final
from zlib import crc32

from gaugeway.errors import Place, Problem

LARGEST: Final = 4 * 1024 * 1024
UNPRINTABLE: Final = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\ud800-\udfff]"
UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


class Text:
    """A file's name, as it is shown, its content, and by what a change of that can be noticed later."""

    def __init__(self, name: str, content: str, checksum: int = 0) -> None:
        self.name = name
        self.checksum = checksum
        self.content = content.removeprefix("\ufeff")
        self.lines = self.content.splitlines()

    def line(self, number: int) -> str:
        """Return a line counted from 0; past the end there is an empty one."""
        return self.lines[number] if 0 <= number < len(self.lines) else ""

    def problem(self, line: int, column: int, width: int, message: str, hint: str = "") -> Problem:
        """Return a problem at a place counted from 0."""
        place = Place(self.name, line + 1, column + 1, max(width, 1))
        return Problem(message, place, hint, self.line(line))

    def unprintable(self) -> Problem | None:
        """Return the first character that YAML does not allow, as a problem."""
        if all(map(str.isprintable, self.content.split("\n"))):
            return None  # nearly always, and at once: to compile the expression takes longer than to read a small file
        found = re.search(UNPRINTABLE, self.content)
        if found is None:
            return None
        before = self.content[: found.start()].splitlines() or [""]
        if self.content[: found.start()].endswith(("\n", "\r")):
            before.append("")
        message = f"the character U+{ord(found[0]):04X} is invisible and not allowed here"
        problem = self.problem(len(before) - 1, len(before[-1]), 1, message, "delete it")
        return Problem(
            problem.message,
            problem.place,
            problem.hint,
            re.sub(UNPRINTABLE, "\N{REPLACEMENT CHARACTER}", problem.source_line),
        )


Judge = Callable[[Text], int]
"""Counts what is wrong with a text, to choose between texts by."""


def read_text(path: Path, name: str) -> Text | Problem:
    """Read a file as UTF-8, or say why it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except IsADirectoryError:
        return Problem(f"{name} is a folder, not a file")
    except FileNotFoundError:
        return Problem(f"{name} does not exist", hint=_likely(path))
    except OSError as error:
        return Problem(f"{name} cannot be read: {(error.strerror or str(error)).lower()}")
    return decode(data, name)


def decode(data: bytes, name: str) -> Text | Problem:
    """Turn the bytes of a file into text, or say what is wrong with them."""
    if len(data) > LARGEST:
        return Problem(f"{name} is larger than {LARGEST // 1024 // 1024} MB, which no configuration is")
    if data.startswith(UTF16) or data[:64].count(0) > len(data[:64]) // 4:
        return Problem(f"{name} is written in UTF-16 and has to be UTF-8", hint="save it with the encoding UTF-8")
    try:
        text = Text(name, data.decode("utf-8"), crc32(data))
    except UnicodeDecodeError as error:
        return _undecodable(data, error.start, name)
    return text.unprintable() or text


def _undecodable(data: bytes, at: int, name: str) -> Problem:
    text = Text(name, data.decode("latin-1"))
    before = data[:at].decode("utf-8").splitlines(keepends=True) or [""]
    ended = before[-1].endswith(("\n", "\r"))
    line, column = (len(before), 0) if ended else (len(before) - 1, len(before[-1]))
    shown = text.content[at]
    return text.problem(
        line, column, 1, f"{name} is not UTF-8: the byte {data[at]:02X} is {shown!r} in an old encoding",
        "save the file with the encoding UTF-8",
    )  # fmt: skip


def _likely(path: Path) -> str:
    other = path.with_suffix(".yml" if path.suffix == ".yaml" else ".yaml")
    return f"did you mean {other}?" if other.is_file() else ""
