"""The configuration, read in a process of its own: what that takes of memory goes with it, and it goes on meanwhile."""

import os
import pickle
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, NoReturn, Self, cast

from gaugeway.errors import ConfigError, Problem
from gaugeway.garbage import for_good
from gaugeway.plan import Plan
from gaugeway.registry import Registry

NOT_TOLD: Final = (EOFError, ImportError, AttributeError, IndexError, TypeError, pickle.UnpicklingError)
"""What it is to read the plan of a child that failed, or one with types of a plugin that no other process can find."""
PATIENCE: Final = 60.0
"""A gateway that is at work waits no longer for a file to be read: the watchdog of the unit would end it for that."""
READER: Final = """\
import sys
sys.path[:] = sys.argv[3:]
from pathlib import Path
from gaugeway.service.loading import tell
tell(Path(sys.argv[1]), int(sys.argv[2]))
"""


def copied(_file: Path, _sender: int) -> int:
    """Begin a child that is a copy of this process: the quickest way, as long as there is no other thread in it."""
    return os.fork()


def spawned(file: Path, sender: int) -> int:
    """Begin a child that starts from nothing: a copy might wait for ever for what another thread held just then."""
    command = [sys.executable, "-P", "-c", READER, str(file), str(sender), *sys.path]
    handed_on = [(os.POSIX_SPAWN_DUP2, sender, sender)]
    return os.posix_spawn(sys.executable, command, os.environ, file_actions=handed_on, setpgroup=0)


class Loading:
    """Reads a file in a child while this process does something else: `with Loading(file) as it: ...; it.end()`.

    A daemon runs for years, and the reader of its configuration for a moment. What can be done in a child only cannot
    fail for that: if there is no child, or it has not told a plan, the file is read here. Not so after `patience`
    seconds: what a child hangs in, such as a plugin, would not do better here.
    """

    def __init__(
        self, file: Path, begin: Callable[[Path, int], int] = copied, *, patience: float | None = None
    ) -> None:
        self._file = file
        self._begin = begin
        self._patience = patience

    def __enter__(self) -> Self:
        receiver, sender = os.pipe()
        self._answer = os.fdopen(receiver, "rb")
        try:
            self._child = self._begin(self._file, sender)
        except OSError:  # no more processes
            self._child = -1
        if self._child == 0:
            self._answer.close()
            tell(self._file, sender)
        os.close(sender)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._answer.close()  # a child that is still at it finds nobody to tell
        if self._child > 0:
            with suppress(ChildProcessError):  # whoever started this process has it ignore the ends of children
                os.waitpid(self._child, 0)

    def end(self) -> tuple[Plan, Registry]:
        """Wait, and return the plan with the plugins that it names; `ConfigError` with all that is wrong."""
        self._wait()
        try:
            problems, folders = cast("tuple[tuple[Problem, ...], tuple[Path, ...]]", self._next())
            if problems:
                raise ConfigError(problems)
            registry = Registry.discover(folders)  # before the plan: options may be of types of a drop-in file
            return cast("Plan", self._next()), registry
        except NOT_TOLD:
            return loaded(self._file)

    def _wait(self) -> None:
        """Wait until the child says something, which it does when it has read all, or ends."""
        coming = select.poll()
        coming.register(self._answer, select.POLLIN)
        if not coming.poll(None if self._patience is None else self._patience * 1000):
            os.kill(self._child, signal.SIGKILL)
            raise ConfigError(
                f"{self._file} could not be read within {self._patience:g} seconds: "
                "a plugin that it uses hangs when it is imported, or the disk does"
            )

    def _next(self) -> object:
        found: object = pickle.load(self._answer)  # noqa: S301  (nobody but the child has the other end)
        return found


def read_apart(file: Path) -> tuple[Plan, Registry]:
    """Read a file for a gateway that is at work, and return its plan with the plugins that it names."""
    with Loading(file, spawned, patience=PATIENCE) as loading:
        return loading.end()


def loaded(file: Path) -> tuple[Plan, Registry]:
    """Read a file in this process, and return its plan with the plugins that it names."""
    from gaugeway.config import load  # noqa: PLC0415  (5 MB, which a daemon does without)

    plan = load(file)
    return plan, Registry.discover(plan.plugin_folders)


def tell(file: Path, sender: int) -> NoReturn:
    """Read a file and write what came of it, as a process that ends with that."""
    try:
        answer = _answer(file)
        with os.fdopen(sender, "wb") as pipe:
            pipe.write(answer)
    finally:
        os._exit(0)  # an error shows again, with its words, where the file is read next


def _answer(file: Path) -> bytes:
    with for_good():
        from gaugeway.config import load  # noqa: PLC0415  (in this process only, see `loaded`)

    try:
        plan = load(file)
    except ConfigError as error:
        return pickle.dumps((error.problems, ()))
    return pickle.dumps(((), plan.plugin_folders)) + pickle.dumps(plan)
