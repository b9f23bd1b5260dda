"""The arguments of one command: declared in a line each, parsed, and handed out typed."""

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from pathlib import Path  # what it imports in its turn costs a quick command more than all else


class Words:
    """Wraps argparse so that what a command asks for comes back with its type."""

    def __init__(self, name: str, about: str, example: str) -> None:
        self._parser = argparse.ArgumentParser(
            prog=f"gaugeway {name}",
            description=about,
            epilog=f"Example:\n  {example}",
            formatter_class=_formatter,
        )
        self._given = argparse.Namespace()

    def value(self, name: str, about: str, default: str | None = None, *, metavar: str | None = None) -> None:
        """Declare a word: `NAME` by its place, which may be left out where it has a default, or `--name VALUE`."""
        optional = not name.startswith("-") and default is not None
        self._parser.add_argument(name, help=about, default=default, metavar=metavar, nargs="?" if optional else None)

    def choice(self, name: str, about: str, choices: Sequence[str], default: str | None = None) -> None:
        """Declare `--name VALUE` with the values that it can have."""
        self._parser.add_argument(name, help=about, choices=choices, default=default)

    def switch(self, name: str, about: str) -> None:
        """Declare `--name` without a value."""
        self._parser.add_argument(name, help=about, action="store_true")

    def number(self, name: str, about: str, default: float | None = None) -> None:
        """Declare `--name NUMBER`."""
        self._parser.add_argument(name, help=about, type=float, default=default)

    def refuse(self, sentence: str) -> NoReturn:
        """End the process as `parse` does, where what was typed is found not to fit only later."""
        self._parser.error(sentence)

    def parse(self, arguments: Sequence[str]) -> None:
        """Take what was typed; ends the process with exit code 2 and a sentence where it does not fit."""
        self._given = self._parser.parse_intermixed_args(arguments)  # words and options in any order

    def text(self, name: str) -> str:
        """Return a word that has a value."""
        return str(self._get(name))

    def maybe(self, name: str) -> str | None:
        """Return a word that may be missing."""
        found = self._get(name)
        return None if found is None else str(found)

    def path(self, name: str) -> "Path":
        """Return a word that names a file or folder."""
        from pathlib import Path  # noqa: PLC0415  (see above)

        return Path(self.text(name))

    def folder(self, name: str) -> "Path | None":
        """Return a word that names a folder, None where it was not given; a folder that is not there is refused."""
        if self._get(name) is None:
            return None
        folder = self.path(name)
        if not folder.is_dir():
            self.refuse(f"there is no folder '{folder}'")
        return folder

    def on(self, name: str) -> bool:
        """Tell whether a switch was given."""
        return bool(self._get(name))

    def amount(self, name: str) -> float | None:
        """Return a number, None where it was not given."""
        found = self._get(name)
        return None if found is None else float(str(found))

    def _get(self, name: str) -> object:
        found: object = getattr(self._given, name.lstrip("-").replace("-", "_"))
        return found


def _formatter(prog: str) -> argparse.HelpFormatter:
    """Return what lays out the help. Argparse asks for it often, and looks for the width in an expensive way."""
    given = os.environ.get("COLUMNS", "")
    columns = int(given) if given.isdecimal() else _terminal_width()
    return argparse.RawDescriptionHelpFormatter(prog, width=max(40, columns) - 2)


def _terminal_width() -> int:
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 100
