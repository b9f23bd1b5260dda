"""Who may ask at the control socket, and where it is."""

import os
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.service.control.switchboard import Stand

from gaugeway import ConfigError
from gaugeway.service.control.listening import listening
from gaugeway.service.control.peers import Peer, peer_of


@pytest.fixture
def stand(tmp_path: Path) -> Generator[Stand]:
    """A gateway that is served."""
    with Stand(tmp_path).served() as stand:
        yield stand


def test_the_socket_is_closed_to_others(tmp_path: Path) -> None:
    """Its file is open to user and group only, and root, its user and its group are let in."""
    with Stand(tmp_path).served() as stand:
        assert Path(stand.path).stat().st_mode & 0o777 == 0o660
    assert not Path(stand.path).exists()
    user, group = os.geteuid(), os.getegid()
    assert Peer(1, 0, frozenset()).welcome
    assert Peer(1, user, frozenset()).welcome
    assert Peer(1, user + 1, frozenset({group})).welcome
    assert not Peer(1, user + 1, frozenset({group + 1})).welcome


def test_a_peer_is_who_the_kernel_says() -> None:
    """The process, its user and all its groups."""
    here, there = socket.socketpair()
    with here, there:
        assert peer_of(here) == Peer(os.getpid(), os.geteuid(), frozenset({os.getegid(), *os.getgroups()}))


@pytest.mark.skipif(os.geteuid() != 0, reason="to be somebody else takes root")
def test_a_stranger_is_refused(stand: Stand) -> None:
    """Even where the file's mode lets everybody connect."""
    os.chmod(stand.path, 0o666)
    os.chmod(Path(stand.path).parent, 0o755)
    try_it = (
        "import os, socket, sys\n"
        "connection = socket.socket(socket.AF_UNIX)\n"
        "descriptor = os.open(sys.argv[1], os.O_PATH)\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "connection.connect(f'/proc/self/fd/{descriptor}')\n"
        "sys.stdout.buffer.write(connection.recv(4096))\n"
    )
    done = subprocess.run([sys.executable, "-c", try_it, stand.path], capture_output=True, text=True, check=False)
    assert "user 65534 may not command this gateway" in done.stdout, done.stderr


def test_a_socket_left_by_the_dead_is_replaced(tmp_path: Path) -> None:
    """A file that nobody listens at is no hindrance; one that somebody listens at is refused with the process."""
    path = str(tmp_path / "control.sock")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    with (
        listening([path]),
        pytest.raises(ConfigError, match=f"another gateway listens at {path}: process {os.getpid()}"),
        listening([path]),
    ):
        pass
    assert not Path(path).exists()


def test_a_path_of_any_length(tmp_path: Path) -> None:
    """A socket's path may be longer than the kernel's 107 bytes."""
    folder = tmp_path / ("deep" * 50)
    folder.mkdir()
    stand = Stand(folder)
    assert len(stand.path) > 200
    with stand.served():
        assert stand.ask("ping")["node"] == "test"


def test_a_folder_without_room_for_sockets(tmp_path: Path) -> None:
    """Where the first place takes no socket the next one is taken, and with none at all it is said."""
    nowhere, somewhere = str(tmp_path / "nothing" / "control.sock"), str(tmp_path / "other.sock")
    with listening([nowhere, somewhere]) as (_, path):
        assert path == somewhere
    with pytest.raises(ConfigError, match="there is no place for the control socket"), listening([nowhere]):
        pass
