"""What systemd is told, as a socket of its kind receives it."""

import os
import socket
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gaugeway.service.notify import Notifier


@contextmanager
def listener(address: str) -> Generator[socket.socket]:
    """Listen as systemd does."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as ear:
        ear.bind(address)
        ear.settimeout(5)
        yield ear


def heard(ear: socket.socket) -> list[str]:
    """Return the lines of the next message."""
    return ear.recv(4096).decode().split("\n")


def test_it_tells_a_socket_with_a_path(tmp_path: Path) -> None:
    """READY comes together with the status."""
    with listener(str(tmp_path / "notify")) as ear:
        Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")}).ready("7 sensors")
        assert heard(ear) == ["READY=1", "STATUS=7 sensors"]


def test_it_tells_an_abstract_socket() -> None:
    """A name that begins with @ is in no file system."""
    name = f"gaugeway-test-{os.getpid()}"
    with listener(f"\0{name}") as ear:
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).stopping()
        assert heard(ear) == ["STOPPING=1", "STATUS=stopping"]


def test_a_reload_carries_the_moment_it_began(tmp_path: Path) -> None:
    """The service manager tells an old READY from the one that ends this reload by the monotonic clock."""
    with listener(str(tmp_path / "notify")) as ear:
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")}).reloading()
        first, second = heard(ear)
        assert first == "RELOADING=1"
        name, _, moment = second.partition("=")
        assert name == "MONOTONIC_USEC"
        assert before <= int(moment) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_the_same_status_is_told_once(tmp_path: Path) -> None:
    """What has not changed costs nothing."""
    with listener(str(tmp_path / "notify")) as ear:
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        for text in ("1 stale", "1 stale", "2 stale"):
            notifier.status(text)
        assert [heard(ear), heard(ear)] == [["STATUS=1 stale"], ["STATUS=2 stale"]]


def test_a_status_is_one_line_of_bounded_length(tmp_path: Path) -> None:
    """A line break in it would be taken for another message: READY, for example."""
    with listener(str(tmp_path / "notify")) as ear:
        Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")}).status("all\nREADY=1 " + "é" * 5000)
        (line,) = heard(ear)
        assert line.startswith("STATUS=all READY=1 é")
        assert len(line.encode()) < 2200


def test_the_watchdog_is_fed_only_where_one_watches(tmp_path: Path) -> None:
    """The time it gives is in microseconds, and may be meant for another process."""
    mine = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}
    with listener(str(tmp_path / "notify")) as ear:
        watched = Notifier(mine)
        assert watched.watchdog == 30.0
        watched.alive()
        assert heard(ear) == ["WATCHDOG=1"]
        others = Notifier(mine | {"WATCHDOG_PID": "1"})
        assert others.watchdog is None
        others.alive()
        others.status("not fed")
        assert heard(ear) == ["STATUS=not fed"]


@pytest.mark.parametrize("watchdog", ["", "0", "soon", "-1"])
def test_a_watchdog_without_a_time_is_none(watchdog: str) -> None:
    """What cannot be read is as if it were not there."""
    assert Notifier({"WATCHDOG_USEC": watchdog}).watchdog is None


@pytest.mark.parametrize("address", ["", "/nowhere/notify", "@nobody-listens-here", "vsock:2:1"])
def test_nobody_who_listens_is_no_fault(address: str) -> None:
    """Without systemd, or while it is away, the gateway goes on."""
    notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000000"})
    notifier.ready("well")
    notifier.reloading()
    notifier.alive()
    notifier.stopping()
