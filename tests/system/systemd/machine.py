"""A whole machine with its own systemd, up in a second: a container over a copy-on-write view of this computer.

Nothing that happens inside changes a file outside. It needs root and Debian's systemd-container.
"""

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

PATIENCE: Final = 30.0
NOTHING: Final[Mapping[str, str]] = {}
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INIT: Final = """#!/bin/sh
for folder in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,rw "$folder"; done
exec /usr/lib/systemd/systemd "$@"
"""
"""Without writable control groups, MemoryMax and CPUQuota would be ignored without a word."""


class Machine:
    """One running container; `root` is its file system as it is seen from outside (but for /run, /tmp and /dev)."""

    def __init__(self, root: Path, leader: int) -> None:
        self.root = root
        self.leader = leader

    def run(
        self,
        *words: str,
        check: bool = True,
        stdin: str | None = None,
        timeout: float = PATIENCE,
        environment: Mapping[str, str] = NOTHING,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root, and return what came of it; one that fails fails the test."""
        done = subprocess.run(
            [*self._inside(), *(f"{name}={value}" for name, value in environment.items()), *words],
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            timeout=timeout,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command inside that goes on by itself."""
        return subprocess.Popen([*self._inside(), *words], stdin=subprocess.DEVNULL)

    def says(self, *words: str) -> str:
        """Return what a command prints."""
        return self.run(*words).stdout.strip()

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file inside."""
        self.run("sh", "-c", f'umask 077; cat >"{path}" && chmod {mode:o} "{path}"', stdin=text)

    def read(self, path: str) -> str:
        """Read a file inside."""
        return self.run("cat", path).stdout

    def show(self, unit: str, name: str) -> str:
        """Return one property of a unit."""
        return self.says("systemctl", "show", "--value", "-p", name, unit)

    def journal(self, unit: str, *words: str) -> str:
        """Return what a unit and its processes logged."""
        return self.says("journalctl", "--no-pager", "-o", "cat", "-u", unit, *words)

    def until(self, condition: Callable[[], bool], what: str, timeout: float = PATIENCE) -> None:
        """Wait for something to come true."""
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout:.0f} s in vain until {what}")
            threading.Event().wait(0.05)

    def _inside(self) -> list[str]:
        spaces = ["-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w"]
        return ["nsenter", "-t", str(self.leader), *spaces, "env", "-i", f"PATH={PATH}", "LANG=C.UTF-8"]


@contextmanager
def view(*below: Path, size: str = "2G") -> Generator[tuple[Path, Path]]:
    """Yield a copy-on-write view of this computer's files, and the folder (in memory) with what was changed.

    `below` are such folders of other views: their changes show through.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gaugeway-machine-")))
        stack.enter_context(mounted("-t", "tmpfs", "-o", f"size={size}", "tmpfs", at=folder))
        upper, work, root = folder / "upper", folder / "work", folder / "root"
        for one in (upper, work, root):
            one.mkdir()
        layers = ":".join(map(str, (*below, "/")))
        options = f"lowerdir={layers},upperdir={upper},workdir={work}"
        stack.enter_context(mounted("-t", "overlay", "-o", options, "overlay", at=root))
        yield root, upper


@contextmanager
def mounted(*words: str, at: Path) -> Generator[None]:
    """Mount something while the block runs."""
    subprocess.run(["mount", *words, str(at)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def inside(root: Path, words: Sequence[str], timeout: float = 300.0) -> None:
    """Run a command in a view that is not booted, with the network of this computer."""
    done = subprocess.run(["chroot", str(root), *words], check=False, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"{' '.join(words)}:\n{done.stdout}{done.stderr}"


@contextmanager
def booted(root: Path) -> Generator[Machine]:
    """Boot a view, and halt it in the end."""
    init = root / "opt/init-rw"
    init.write_text(INIT)
    init.chmod(0o755)
    words = ["--quiet", "--register=no", "--keep-unit", "--private-network", "--link-journal=no", f"--directory={root}"]
    with tempfile.TemporaryFile() as console:
        container = subprocess.Popen(
            ["systemd-nspawn", *words, "--console=pipe", "/opt/init-rw", "systemd.unit=basic.target"],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
        )
        try:
            machine = Machine(root, _leader(container.pid))
            machine.until(lambda: _is_up(machine), "systemd was up")
            yield machine
        finally:
            _halt(container)


def _leader(nspawn: int) -> int:
    """Return the process that is number 1 inside; for a moment there are others on the way to it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for child in Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split():
            if _is_first(child):
                return int(child)
        threading.Event().wait(0.02)
    raise AssertionError("the container does not start")


def _is_first(child: str) -> bool:
    try:
        about = dict(line.split(":", 1) for line in Path(f"/proc/{child}/status").read_text().splitlines())
    except (FileNotFoundError, ProcessLookupError):
        return False
    return about["NSpid"].split()[-1] == "1" and about["Name"].strip() == "systemd"


def _is_up(machine: Machine) -> bool:
    return machine.run("systemctl", "is-active", "basic.target", check=False).stdout.strip() == "active"


def _halt(container: subprocess.Popen[bytes]) -> None:
    container.send_signal(signal.SIGTERM)
    try:
        container.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(container.pid, signal.SIGKILL)
        container.wait()
