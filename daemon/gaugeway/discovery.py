"""Where plugins are found: in installed packages, and as plain files in a drop-in folder.

Entry points are read from the same files that `importlib.metadata` reads, without its 30 ms and 7 MB: on a small
machine that is a third of the time that `gaugeway check` takes.
"""

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Final, cast
from zlib import crc32

from gaugeway.card import Role, card_of
from gaugeway.contain import Contained, in_words
from gaugeway.plugin import METHOD, Plugin, Refusal
from gaugeway.signature import parameters_of

GROUPS: Final[dict[str, Role]] = {
    "gaugeway.sources": "source",
    "gaugeway.stages": "stage",
    "gaugeway.sinks": "sink",
    "gaugeway.behaviours": "behaviour",
}


def installed() -> Iterator[Plugin]:
    """Yield the plugins of all installed packages, gaugeway's own first."""
    found = [(package, file) for package, file in _entry_point_files()]
    for package, file in sorted(found, key=lambda one: (one[0] != "gaugeway", one[0])):
        yield from _entry_points(package, file)


def _entry_point_files() -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for folder in sys.path:
        try:
            names = sorted(name for name in os.listdir(folder or ".") if name.endswith((".dist-info", ".egg-info")))
        except OSError:
            continue
        for name in names:
            package = re.sub(r"[-_.]+", "-", name.rpartition(".")[0].partition("-")[0]).lower()
            if package not in seen:
                seen.add(package)
                yield package, os.path.join(folder, name, "entry_points.txt")


def _entry_points(package: str, file: str) -> Iterator[Plugin]:
    try:
        with open(file, encoding="utf-8") as opened:  # a `Path` would make every package's name one of Python's names
            text = opened.read()
    except (OSError, UnicodeDecodeError):
        return
    if "gaugeway." not in text:
        return
    role: Role | None = None
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            role = GROUPS.get(line.strip("[] "))
        elif role and "=" in line and not line.startswith("#"):
            name, _, place = (part.strip() for part in line.partition("="))
            yield Plugin(role, name, f"package {package}", _importer(place))


def _importer(place: str) -> Callable[[], object]:
    """Return what imports `module:Class`, with or without the name of an extra behind it."""
    module, _, path = (part.strip() for part in place.partition("[")[0].partition(":"))

    def load() -> object:
        found: object = importlib.import_module(module)
        for name in filter(None, path.split(".")):
            found = getattr(found, name)
        return found

    return load


def drop_ins(folder: Path) -> Iterator[Plugin | Refusal]:
    """Yield the plugins in the .py files of a folder; a file that cannot be used comes back as a refusal."""
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix == ".py" and not file.name.startswith("_"))
    except OSError as error:
        yield Refusal(None, folder.name, str(folder), f"the plugin folder cannot be read: {in_words(error)}")
        return
    for file in files:
        yield from _plugins_in(file)


def _plugins_in(file: Path) -> Iterator[Plugin | Refusal]:
    with Contained() as fault:
        module = _load_file(file)
        found: list[Plugin | Refusal] = list(_plugins_of(module, str(file)))
        yield from found or [Refusal(None, file.stem, str(file), NOTHING_FOUND)]
    if fault.error is not None:
        yield Refusal(None, file.stem, str(file), f"cannot be imported: {_where(fault.error, file)}")


NOTHING_FOUND: Final = (
    "defines no plugin: a class with stream(), process() or consume(), or a function whose first argument is 'reading'"
)


CHECKSUM: Final = "__gaugeway_checksum__"


class _AsItStands(SourceFileLoader):
    """Compiles what is in the file. Python's cache takes an edit within a second for none, and stays in the folder."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.get_filename(fullname))


def _load_file(file: Path) -> ModuleType:
    # The folder is part of the name, so that files of one name in two folders are two modules.
    name = re.sub(r"\W", "_", f"gaugeway_drop_in_{file}")
    checksum = crc32(file.read_bytes())
    before = sys.modules.get(name)
    if before is not None and getattr(before, CHECKSUM, None) == checksum:
        return before  # so that a reload can tell which plugins have changed
    spec = importlib.util.spec_from_file_location(name, file, loader=_AsItStands(name, str(file)))
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    setattr(module, CHECKSUM, checksum)
    return module


def _where(error: BaseException, file: Path) -> str:
    """Say what went wrong and in which line of the plugin's own file."""
    line = getattr(error, "lineno", None)
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    said = in_words(error)
    return said if line is None or f"line {line})" in said else f"{said} (line {line})"


def _plugins_of(module: ModuleType, origin: str) -> Iterator[Plugin]:
    """Yield what is registered with a decorator, and else what looks like a plugin by its shape."""
    own = {
        id(thing): thing  # once, under however many names
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__
    }
    for thing in own.values():
        card = card_of(thing)
        if card is not None:
            yield Plugin(card.role, card.name, origin, _given(thing))
            continue
        role = _role_by_shape(thing)
        if role is not None:
            yield Plugin(role, _snake(thing.__name__), origin, _given(thing))


def _given(thing: object) -> Callable[[], object]:
    return lambda: thing


def _role_by_shape(thing: object) -> Role | None:
    if isinstance(thing, type):
        roles = [role for role in ("source", "stage", "sink") if callable(getattr(thing, METHOD[role], None))]
        return cast("Role", roles[0]) if roles else None
    if isinstance(thing, FunctionType):
        first = next(iter(parameters_of(thing)), None)
        return "stage" if first is not None and first.name == "reading" else None
    return None


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
