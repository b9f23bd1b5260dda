"""A configuration that is read in a process of its own is the same as one that is read here."""

import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from gaugeway.config import load
from gaugeway.errors import ConfigError
from gaugeway.plan import Plan
from gaugeway.service.loading import Loading, copied, spawned

CONFIGS: Final = Path(__file__).parents[2] / "configs"
DROP_IN: Final = """
import msgspec

class Gain(msgspec.Struct, frozen=True):
    factor: float

class Amplify:
    def __init__(self, *, gain: Gain) -> None:
        self.gain = gain

    def process(self, stream):
        yield from stream
"""
ITS_OWN_KIND: Final = """
import msgspec

def made():
    class Gain(msgspec.Struct, frozen=True):
        factor: float
    return Gain

Gain = made()

class Amplify:
    def __init__(self, *, gain: Gain) -> None:
        self.gain = gain

    def process(self, stream):
        yield from stream
"""
AMPLIFIED: Final = """
plugins: [plugins]
sources: {s: {type: synthetic, sensors: {a: {kind: flow, unit: L/min}}}}
stages: [{amplify: {gain: {factor: 2}}}]
sinks: {c: {type: console}}
"""


HELPED: Final = """
from stands_elsewhere import FACTOR

class Amplify:
    def __init__(self, *, gain: dict[str, float] = FACTOR) -> None:
        self.gain = gain

    def process(self, stream):
        yield from stream
"""

Begin = Callable[[Path, int], int]


@pytest.fixture(params=[copied, spawned])
def begin(request: pytest.FixtureRequest) -> Begin:
    """As at the start, and as for a reload."""
    way: Begin = request.param
    return way


def read_apart(file: Path, begin: Begin = copied) -> Plan:
    with Loading(file, begin) as loading:
        return loading.end()[0]


def of_a_drop_in(folder: Path, text: str) -> Path:
    """Return a configuration that uses a drop-in file."""
    (folder / "plugins").mkdir()
    (folder / "plugins" / "amplify.py").write_text(text)
    file = folder / "gateway.yaml"
    file.write_text(AMPLIFIED)
    return file


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.yaml")), ids=lambda file: file.stem)
def test_the_plan_is_the_same(file: Path, begin: Begin) -> None:
    """Whatever can be written."""
    assert read_apart(file, begin) == load(file)


def test_mistakes_are_told_as_they_are(tmp_path: Path, begin: Begin) -> None:
    """All of them, each with its place."""
    file = tmp_path / "gateway.yaml"
    file.write_text("nod: a\nsourcs: {}\n")
    with pytest.raises(ConfigError) as here:
        load(file)
    with pytest.raises(ConfigError) as apart:
        read_apart(file, begin)
    assert len(apart.value.problems) > 1
    assert apart.value.problems == here.value.problems
    assert str(apart.value) == str(here.value)


def test_an_option_of_a_type_of_a_drop_in_file(tmp_path: Path, begin: Begin) -> None:
    """The file is found again in this process before its options are."""
    file = of_a_drop_in(tmp_path, DROP_IN)
    (stage,) = read_apart(file, begin).pipelines[0].stages
    assert repr(stage.options["gain"]) == "Gain(factor=2.0)"


def test_what_cannot_be_handed_over_is_read_here(tmp_path: Path, begin: Begin) -> None:
    """A type that no other process can find by its name."""
    file = of_a_drop_in(tmp_path, ITS_OWN_KIND)
    (stage,) = read_apart(file, begin).pipelines[0].stages
    assert repr(stage.options["gain"]) == "Gain(factor=2.0)"


def test_the_other_process_finds_what_this_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever this one was told to look for modules."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "stands_elsewhere.py").write_text("FACTOR = {}")
    file = of_a_drop_in(tmp_path, HELPED)
    monkeypatch.setattr(sys, "path", [str(elsewhere), *sys.path])
    receiver, sender = os.pipe()
    child = spawned(file, sender)
    os.close(sender)
    with os.fdopen(receiver, "rb") as pipe:
        assert pickle.load(pipe) == ((), (tmp_path / "plugins",))
        assert pickle.load(pipe) == load(file)
    os.waitpid(child, 0)


def test_without_another_process_it_is_read_here(monkeypatch: pytest.MonkeyPatch, begin: Begin) -> None:
    """Where the system gives no more of them."""

    def no_more(*_: object, **__: object) -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", no_more)
    monkeypatch.setattr(os, "posix_spawn", no_more)
    file = CONFIGS / "minimal.yaml"
    assert read_apart(file, begin) == load(file)


def test_a_gateway_at_work_does_not_wait_for_ever(tmp_path: Path) -> None:
    """What hangs is ended, and is not tried again where it would hold up everything."""
    file = of_a_drop_in(tmp_path, "import time\ntime.sleep(1000)\n")
    with pytest.raises(ConfigError, match="a plugin that it uses hangs"), Loading(file, spawned, patience=0.5) as it:
        it.end()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_nothing_is_left_behind(begin: Begin) -> None:
    """Neither the child nor a descriptor."""
    before = set(os.listdir("/proc/self/fd"))
    read_apart(CONFIGS / "minimal.yaml", begin)
    assert set(os.listdir("/proc/self/fd")) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_who_started_it_need_not_mind_children(begin: Begin) -> None:
    """To ignore the ends of children is handed on from one program to the next, and nobody can wait for them then."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert read_apart(CONFIGS / "minimal.yaml", begin) == load(CONFIGS / "minimal.yaml")
    finally:
        signal.signal(signal.SIGCHLD, before)
