"""The arguments of one command: declared in a line each, parsed, and handed out typed."""

import os
from collections.abc import Callable, Sequence

NARROWEST = 40
WIDEST = 100
TYPE_CHECKING = (
    False  # as in `typing`, which takes as long to import as the others here, longer than a quick command may
)
if TYPE_CHECKING:
    from argparse import ArgumentParser, HelpFormatter
    from pathlib import Path
    from typing import NoReturn


class Words:
    """Wraps argparse so that what a command asks for comes back with its type.

    Argparse is asked only where more was typed than words and switches: to import it, and to have it read a path,
    takes a quarter of the time of a quick command.
    """

    def __init__(self, name: str, about: str, example: str) -> None:
        self._name, self._about, self._example = name, about, example
        self._declared: list[Callable[[ArgumentParser], object]] = []
        self._places: list[str] = []
        self._needed = 0
        self._switches: set[str] = set()
        self._given: dict[str, object] = {}

    def value(self, name: str, about: str, default: str | None = None, *, metavar: str | None = None) -> None:
        """Declare a word: `NAME` by its place, which may be left out where it has a default, or `--name VALUE`."""
        nargs = None
        if not name.startswith("-"):
            nargs = None if default is None else "?"
            self._needed += default is None
            self._places.append(name)
        self._declare(
            name,
            default,
            lambda parser: parser.add_argument(name, help=about, default=default, metavar=metavar, nargs=nargs),
        )

    def choice(self, name: str, about: str, choices: Sequence[str], default: str | None = None) -> None:
        """Declare `--name VALUE` with the values that it can have."""
        self._declare(
            name, default, lambda parser: parser.add_argument(name, help=about, choices=choices, default=default)
        )

    def switch(self, name: str, about: str, *, short: str = "") -> None:
        """Declare `--name` without a value, and perhaps a letter for it."""
        self._switches.add(name)
        names = [short, name] if short else [name]
        self._declare(name, False, lambda parser: parser.add_argument(*names, help=about, action="store_true"))

    def number(self, name: str, about: str, default: float | None = None, *, short: str = "", metavar: str) -> None:
        """Declare `--name NUMBER`, and perhaps a letter for it; the help calls the number by `metavar`."""
        names = [short, name] if short else [name]
        self._declare(
            name,
            default,
            lambda parser: parser.add_argument(*names, help=about, type=float, default=default, metavar=metavar),
        )

    def refuse(self, sentence: str) -> "NoReturn":
        """End the process as `parse` does, where what was typed is found not to fit only later."""
        self._parser().error(sentence)

    def parse(self, arguments: Sequence[str]) -> None:
        """Take what was typed; ends the process with exit code 2 and a sentence where it does not fit."""
        self._given = self.taken(arguments) or self.judged(arguments)

    def taken(self, arguments: Sequence[str]) -> dict[str, object] | None:
        """Return what argparse would make of what was typed; None where that is more than words and switches."""
        words = [word for word in arguments if word[:1] not in ("", "-")]
        switches = [switch for switch in arguments if switch in self._switches]
        if len(words) + len(switches) < len(arguments) or not self._needed <= len(words) <= len(self._places):
            return None
        given = dict(zip(self._places, words, strict=False))
        return {**self._given, **given, **{_key(switch): True for switch in switches}}

    def judged(self, arguments: Sequence[str]) -> dict[str, object]:
        """Return what argparse makes of what was typed, words and options in any order; it may end the process."""
        return vars(self._parser().parse_intermixed_args(arguments))

    def text(self, name: str) -> str:
        """Return a word that has a value."""
        return str(self._given[_key(name)])

    def maybe(self, name: str) -> str | None:
        """Return a word that may be missing."""
        found = self._given[_key(name)]
        return None if found is None else str(found)

    def path(self, name: str) -> "Path":
        """Return a word that names a file or folder."""
        from pathlib import Path  # noqa: PLC0415  (see above)

        return Path(self.text(name))

    def folder(self, name: str) -> "Path | None":
        """Return a word that names a folder, None where it was not given; a folder that is not there is refused."""
        if self.maybe(name) is None:
            return None
        folder = self.path(name)
        if not folder.is_dir():
            self.refuse(f"there is no folder '{folder}'")
        return folder

    def on(self, name: str) -> bool:
        """Tell whether a switch was given."""
        return bool(self._given[_key(name)])

    def amount(self, name: str) -> float | None:
        """Return a number, None where it was not given."""
        found = self._given[_key(name)]
        return None if found is None else float(str(found))

    def _declare(self, name: str, default: object, tell: "Callable[[ArgumentParser], object]") -> None:
        self._given[_key(name)] = default
        self._declared.append(tell)

    def _parser(self) -> "ArgumentParser":
        from argparse import ArgumentParser  # noqa: PLC0415  (see above)

        parser = ArgumentParser(
            prog=f"gaugeway {self._name}",
            description=_paragraphs(self._about),
            epilog=f"Example:\n  {self._example}",
            formatter_class=_formatter,
        )
        for tell in self._declared:
            tell(parser)
        return parser


def _key(name: str) -> str:
    """Return the name under which argparse keeps what was given."""
    return name.lstrip("-").replace("-", "_")


def _formatter(prog: str) -> "HelpFormatter":
    """Return what lays out the help. Argparse asks for it often, and looks for the width in an expensive way."""
    from argparse import RawDescriptionHelpFormatter  # noqa: PLC0415  (see above)

    return RawDescriptionHelpFormatter(prog, width=columns() - 2)


def _paragraphs(text: str) -> str:
    """Return a text as wide as the terminal; a line that ended with a sentence goes on ending there."""
    from textwrap import fill  # noqa: PLC0415  (see above)

    sentences = text.replace(".\n", ".\0").replace("\n", " ").split("\0")
    return "\n".join(fill(sentence, columns() - 2, break_on_hyphens=False) for sentence in sentences)


def columns(widest: int = WIDEST) -> int:
    """Return how wide a text for people is to be: as the terminal, or as `COLUMNS` says, within bounds."""
    given = os.environ.get("COLUMNS", "")
    try:
        wide = int(given) if given.isdecimal() else os.get_terminal_size().columns
    except OSError:
        wide = WIDEST
    return min(max(NARROWEST, wide), widest)
