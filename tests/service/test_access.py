"""What is wrong with a state folder is told before anything in it is opened, by its name."""

import os
from pathlib import Path

import pytest

from gaugeway import ConfigError
from gaugeway.service.access import prepare


@pytest.mark.parametrize("name", ["lock", "reserve", "state.db", "gateway.log", "outbox/mail/delivered"])
def test_a_folder_in_the_place_of_a_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir(parents=True)
    assert told(tmp_path) == f"{tmp_path / name} has to be a plain file, {MOVE}"


@pytest.mark.parametrize("name", ["lock", "state.db", "gateway.log", "outbox/mail/delivered", "clock/bus.json"])
def test_a_pipe_in_the_place_of_a_file(name: str, tmp_path: Path) -> None:
    """Nobody writes into it, so that to open it would be to wait for ever."""
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(tmp_path / name)
    assert told(tmp_path) == f"{tmp_path / name} has to be a plain file, {MOVE}"


@pytest.mark.parametrize("name", ["intake", "outbox", "clock"])
def test_a_file_in_the_place_of_a_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    assert told(tmp_path) == f"{tmp_path / name} has to be a folder, {MOVE}"


def test_a_reserve_elsewhere_is_none(tmp_path: Path) -> None:
    """Another disk has other room, and without the link that room would not be free either."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "reserve").symlink_to(tmp_path / "reserve")
    assert told(tmp_path / "state") == f"{tmp_path / 'state' / 'reserve'} has to be a plain file, {MOVE}"


def test_what_may_be_there(tmp_path: Path) -> None:
    """Folders on another disk, sinks that are called like a file of ours, and what is the operator's."""
    state, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    (elsewhere / "bus").mkdir(parents=True)
    (state / "outbox" / "delivered").mkdir(parents=True)
    (state / "outbox" / "delivered" / "delivered").touch()
    (state / "intake").symlink_to(elsewhere)
    (state / "gateway.log").symlink_to(tmp_path / "log")
    os.mkfifo(state / "readings")
    prepare(state)


MOVE = "which the gateway makes itself: move away what is there"


def told(folder: Path) -> str:
    """Return what is said of a folder that cannot be used."""
    with pytest.raises(ConfigError) as refused:
        prepare(folder)
    return str(refused.value)
