"""A gateway leaves a record that tells whether it lives, and commands find the one that is meant."""

import os
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from gaugeway import ConfigError
from gaugeway.service.presence import places
from gaugeway.service.presence.announcement import FORGOTTEN_AFTER, announced
from gaugeway.service.presence.find import UnclearError, config_of, find
from gaugeway.service.presence.record import Record, decoded, look, records, sightings


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of records, which nobody else leaves any in."""
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(places, "SYSTEM", str(tmp_path / "system"))
    monkeypatch.setattr(places, "MEMORY", str(tmp_path / "memory-"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "gaugeway"


def test_a_record_tells_that_its_gateway_lives(runtime: Path) -> None:
    """Alive while the process holds it, ended with its last words when it has let go."""
    with announced(Record("/etc/plant.yaml", node="plant1", pid=os.getpid())) as announcement:
        (living,) = sightings()
        assert (living.alive, living.record.node, living.record.ended) == (True, "plant1", None)
        announcement.say("7 sensors")
        os.utime(records(str(runtime))[0], (1.0, 1.0))
        announcement.beat()
    (ended,) = sightings()
    assert (ended.alive, ended.record.words) == (False, "7 sensors")
    assert time.time() - (ended.record.ended or 0) < 60
    assert time.time() - living.beat < 60


def test_a_process_that_dies_cannot_end_its_record(runtime: Path) -> None:
    """Whatever ends a process, its record is seen to be that of the dead, without an end."""
    child = os.fork()
    if child == 0:
        with announced(Record("/etc/plant.yaml")):
            os._exit(9)
    os.waitpid(child, 0)
    (dead,) = sightings()
    assert (dead.alive, dead.record.ended) == (False, None)


def test_one_configuration_runs_once(runtime: Path) -> None:
    """A second gateway with the same file is refused, one with another file is not."""
    with announced(Record("/etc/plant.yaml")):
        with (
            pytest.raises(ConfigError, match=r"a gateway with /etc/plant.yaml runs already"),
            announced(Record("/etc/plant.yaml")),
        ):
            pass
        with announced(Record("/etc/plant-yaml")):
            assert len(sightings()) == 2
    with announced(Record("/etc/plant.yaml")):
        assert [seen.alive for seen in sightings()] == [True, False]


def test_a_gateway_that_nobody_can_find_runs(runtime: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where no folder takes a record, that is logged and no reason to stop."""
    runtime.parent.joinpath("gaugeway").write_text("a file, where the folder should be")
    runtime.parent.joinpath("system").write_text("")
    runtime.parent.joinpath(f"memory-{os.geteuid()}").write_text("")
    with announced(Record("/etc/plant.yaml")) as announcement:
        announcement.beat()
        announcement.say("7 sensors")
    assert "other commands cannot find this gateway" in caplog.text


def test_a_folder_that_the_service_manager_made_comes_first(
    runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under systemd record and socket are in its runtime directory, the first one if there are several."""
    given = tmp_path / "given"
    given.mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{given}:/run/other")
    assert places.socket_path("/var/lib/gaugeway") == f"{given}/control.sock"
    with announced(Record("/etc/plant.yaml")):
        assert len(records(str(given))) == 1
    assert not runtime.exists()


def test_what_was_long_ago_is_forgotten(runtime: Path) -> None:
    """Records of gateways that ended a week ago are taken away by the next one that starts."""
    with announced(Record("/etc/old.yaml")), announced(Record("/etc/recent.yaml")):
        pass
    (old,) = (path for path in records(str(runtime)) if "old" in path)
    long_ago = time.time() - FORGOTTEN_AFTER - 60
    os.utime(old, (long_ago, long_ago))
    with announced(Record("/etc/new.yaml")):
        assert {seen.record.config for seen in sightings()} == {"/etc/recent.yaml", "/etc/new.yaml"}


def test_a_folder_that_somebody_else_has_put_there(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where everybody may make folders, records are believed only in our own."""
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    own = f"{places.MEMORY}{os.geteuid()}"
    monkeypatch.setattr(places, "own_folders", lambda: [own])
    with announced(Record("/etc/plant.yaml")):
        assert len(sightings()) == 1
        monkeypatch.setattr(os, "geteuid", lambda: 4711)
        assert sightings() == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"7", b'"x"', b"null"])
def test_what_is_no_record_is_passed_over(runtime: Path, content: bytes) -> None:
    """A damaged file beside it hides no gateway."""
    with announced(Record("/etc/plant.yaml")):
        (runtime / "damaged.gateway").write_bytes(content)
        (runtime / "link.gateway").symlink_to("/etc/passwd")
        assert [seen.record.config for seen in sightings()] == ["/etc/plant.yaml"]
        assert look(str(runtime / "nothing.gateway")) is None


def test_a_record_of_another_version() -> None:
    """Fields that we do not know are left out, missing and odd ones are empty, what follows is not read."""
    record = decoded(b'{"config": "/a", "color": "red", "pid": "seven", "since": 7, "node": null}rest of a longer one')
    assert vars(record) == vars(Record("/a", since=7))
    whole = Record("/a", pid=7, ended=1.5, words="ä")
    assert vars(decoded(whole.encode())) == vars(whole)


def test_the_gateway_that_is_meant(runtime: Path, tmp_path: Path) -> None:
    """By its file, a link to it, its folder, its node's name or its unit's; none that was never seen is dead."""
    folder = tmp_path / "plant"
    folder.mkdir()
    file = folder / "gaugeway.yaml"
    file.write_text("")
    (tmp_path / "link.yaml").symlink_to(file)
    record = Record(os.path.realpath(file), node="north", unit="gaugeway@n1.service")
    assert (find("plant").runs, find("plant").seen) == (False, None)
    with announced(record), announced(Record("/other.yaml")):
        for word in (str(file), "plant", "./plant", "link.yaml", "north", "n1"):
            assert find(word).runs, word
        for word in ("plant/other.yaml", "nothing.yaml"):
            assert not find(word).runs, word
        with pytest.raises(UnclearError, match="no file, folder or gateway called 'south'"):
            find("south")
        with pytest.raises(UnclearError, match="several gateways run"):
            find("")
    assert find("north").seen is not None


def test_the_usual_gateway_is_meant_by_nothing(runtime: Path, tmp_path: Path) -> None:
    """Without a word: gaugeway.yaml here, else the only one that lives, else the one that was heard of last."""
    assert find("").seen is None
    with announced(Record("/first.yaml")):
        pass
    with announced(Record("/second.yaml")):
        assert find("").config == "/second.yaml"
    assert find("").seen is not None
    (tmp_path / "gaugeway.yaml").write_text("")
    assert config_of("") == "gaugeway.yaml"
    with ExitStack() as stack:
        stack.enter_context(announced(Record(str(tmp_path / "gaugeway.yaml"))))
        stack.enter_context(announced(Record("/third.yaml")))
        assert find("").runs
