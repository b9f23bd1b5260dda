"""Imports go one way, plugins know the public names only, and one file alone catches whatever may come."""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

import gaugeway
from gaugeway.cli import COMMANDS

ROOT: Final = Path(__file__).parents[1]
DAEMON: Final = ROOT / "daemon" / "gaugeway"
PLUGINS: Final = {name: ROOT / name.removeprefix("gaugeway_") / name
                  for name in ("gaugeway_drivers", "gaugeway_stages", "gaugeway_sinks")}  # fmt: skip
PUBLIC_MODULES: Final = {"gaugeway", "gaugeway.mqtt"}
ROOMS: Final[dict[str, set[str]]] = {
    "log": {"log"},
    "face": {"face", "log"},
    "mqtt": {"face", "log", "mqtt"},
    "config": {"face", "log", "config"},
    "delivery": {"face", "log", "delivery"},
    "engine": {"face", "log", "engine", "delivery"},
    "service": {"face", "log", "service", "engine", "delivery", "config"},
    "cli": {"face", "log", "cli", "service", "engine", "config"},
}
"""What each room may import. `face` is the files that lie directly in gaugeway/."""


def modules(*folders: Path) -> list[Path]:
    return sorted(file for folder in folders for file in folder.rglob("*.py"))


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def name_of(file: Path) -> str:
    """Return the dotted name of a module by its place."""
    parts = file.relative_to(next(root for root in file.parents if root.parent == ROOT)).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(file: Path) -> Iterator[tuple[str, str | None]]:
    """Yield every import of a file, wherever in it, as the module and the name that is taken from it."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((_absolute(node, file), alias.name) for alias in node.names)


def _absolute(node: ast.ImportFrom, file: Path) -> str:
    if not node.level:
        return node.module or ""
    package = name_of(file).split(".")
    package = package if file.name == "__init__.py" else package[:-1]
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, node.module] if node.module else package)


def room(module: str) -> str:
    """Return the room of the daemon that a module stands in."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else "face"


def ours(module: str) -> str | None:
    """Return which of our packages a module is of."""
    top = module.split(".", maxsplit=1)[0]
    return top if top in {"gaugeway", *PLUGINS} else None


@pytest.mark.parametrize("package", PLUGINS)
def test_plugins_import_public_names_and_their_siblings_only(package: str) -> None:
    """Built-ins stand on nothing that a third party could not stand on."""
    wrong: list[str] = []
    for file in modules(PLUGINS[package]):
        for module, name in imports(file):
            if ours(module) in (None, package):
                continue
            public = module in PUBLIC_MODULES and name is not None
            if not public or (module == "gaugeway" and name not in gaugeway.__all__):
                wrong.append(f"{file.relative_to(ROOT)} imports {name or 'all'} from {module}")
    assert wrong == []


def test_the_daemon_imports_no_plugin_package() -> None:
    """It finds them as it finds everybody's."""
    wrong = [f"{file.relative_to(ROOT)}: {module}" for file in modules(DAEMON) for module, _ in imports(file)
             if ours(module) in PLUGINS]  # fmt: skip
    assert wrong == []


def test_every_folder_of_the_daemon_is_a_room_of_the_plan() -> None:
    """A new room is put into the table above, with what it may import."""
    folders = {folder.name for folder in DAEMON.iterdir() if folder.is_dir() and any(folder.glob("*.py"))}
    assert folders <= ROOMS.keys()


def test_imports_inside_the_daemon_go_one_way() -> None:
    """From the command line to the service, to the engine, to delivery, to the face; never back."""
    wrong: list[str] = []
    for file in modules(DAEMON):
        here = room(name_of(file)) if file.name != "__main__.py" else "cli"
        for module, name in imports(file):
            if ours(module) != "gaugeway":
                continue
            whole = f"{module}.{name}" if module == "gaugeway" and name is not None else module
            if room(whole) not in ROOMS[here]:
                wrong.append(f"{file.relative_to(ROOT)} ({here}) imports {whole}")
    assert wrong == []


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    """At the top of a file, that is; what a function imports when it runs is another matter."""
    known = {name_of(file): file for file in modules(DAEMON, *PLUGINS.values())}
    graph: dict[str, set[str]] = {}
    for name, file in known.items():
        top = [node for node in parsed(file).body if isinstance(node, ast.ImportFrom)]
        targets = {_absolute(node, file) for node in top}
        targets |= {f"{_absolute(node, file)}.{alias.name}" for node in top for alias in node.names}
        graph[name] = {target for target in targets if target in known and target != name}
    assert list(_circles(graph)) == []


def _circles(graph: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield each module that can be reached from itself through others, its own package aside."""
    for start, targets in graph.items():
        seen: set[str] = set()
        left = {target for target in targets if not start.startswith(f"{target}.")}
        while left:
            at = left.pop()
            seen.add(at)
            left |= {target for target in graph.get(at, set()) if not at.startswith(f"{target}.")} - seen
        if start in seen:
            yield start


def test_folders_side_by_side_do_not_import_each_other_in_a_circle() -> None:
    """Each can be read once those are read that it stands on; the files beside them, which join them, do not count."""
    graph: defaultdict[str, set[str]] = defaultdict(set)
    for file in modules(DAEMON, *PLUGINS.values()):
        here = name_of(file.with_name("__init__.py")).split(".")
        for module, name in imports(file):
            there = f"{module}.{name}".split(".")
            depth = next((depth for depth, pair in enumerate(zip(here, there, strict=False), 1) if len({*pair}) > 1), 1)
            if depth > 1 and _is_folder(there[:depth]):
                graph[".".join(here[:depth])].add(".".join(there[:depth]))
    assert "gaugeway.config.text" in graph["gaugeway.config.shapes"]
    assert list(_circles(graph)) == []


def _is_folder(names: list[str]) -> bool:
    top = DAEMON if names[0] == "gaugeway" else PLUGINS[names[0]]
    return top.joinpath(*names[1:]).is_dir()


def test_a_file_of_the_command_line_is_a_command() -> None:
    """What commands have in common is in folders of its own."""
    commands = {module for module, _ in COMMANDS.values()}
    assert {file.stem for file in (DAEMON / "cli").glob("*.py")} == {*commands - {"demo", "monitor"}, "__init__"}


@pytest.mark.parametrize("module", ["gaugeway", "gaugeway.cli"])
def test_what_everybody_imports_is_light(module: str) -> None:
    """Asking for help or health costs no driver, no database and no event loop."""
    program = f"import sys, {module}; print(*sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert loaded.isdisjoint({"paho", "serial", "sqlite3", "asyncio", "yaml", "importlib.metadata", *PLUGINS})


def test_a_daemon_starts_without_what_it_has_no_use_for() -> None:
    """Nor does it hold the reader of its configuration; libraries would have it import the rest."""
    program = "import sys, gaugeway.cli.run, gaugeway.service.daemon, gaugeway.mqtt.client; print(*sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    unused = {
        "base64",
        "dns",
        "hashlib",
        "inspect",
        "msgspec.inspect",
        "socks",
        "ssl",
        "typing_extensions",
    }
    if sys.version_info < (3, 13):  # from there on it comes with what reads addresses of brokers
        unused.add("ipaddress")
    assert unused.isdisjoint(run.stdout.split())
    assert {"asyncio", "gaugeway.config", "serial", "urllib.request", "yaml", *PLUGINS}.isdisjoint(run.stdout.split())


def test_whatever_may_come_is_caught_in_one_file_only() -> None:
    """Everywhere else an `except` says which errors it means."""
    wrong: list[str] = []
    for file in modules(DAEMON, *PLUGINS.values()):
        if file == DAEMON / "contain.py":
            continue
        tree = parsed(file)
        wrong += [f"{file.relative_to(ROOT)}:{line}" for line in (*_broad_handlers(tree), *_broad_arguments(tree))]
    assert wrong == []


def _broad(node: ast.expr | None) -> bool:
    return node is None or any(
        isinstance(part, ast.Name) and part.id in ("Exception", "BaseException") for part in ast.walk(node)
    )


def _broad_handlers(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and _broad(node.type):
            yield node.lineno


def _broad_arguments(tree: ast.AST) -> Iterator[int]:
    """Yield where `isinstance(error, Exception)` or `suppress(Exception)` does the same by another name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and any(isinstance(one, ast.Name) and _broad(one) for one in node.args):
            yield node.lineno


def test_nothing_relies_on_being_collected() -> None:
    """Whoever opens closes: no `__del__` anywhere, and no `atexit`."""
    wrong = [
        str(file.relative_to(ROOT))
        for file in modules(DAEMON, *PLUGINS.values())
        if any(isinstance(node, ast.FunctionDef) and node.name == "__del__" for node in ast.walk(parsed(file)))
        or any(module == "atexit" for module, _ in imports(file))
    ]
    assert wrong == []
