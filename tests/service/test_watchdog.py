"""A pipeline that hangs in its source is driven by another thread; one that hangs elsewhere starves the watchdog."""

import logging
import socket
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import closing, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import cast

import pytest
from tests.engine.kit import SOON, plan, registry
from tests.support.waiting import until

from gaugeway import DeviceError, Reading, Tick
from gaugeway.engine.wheel import Abandoned, Wheel
from gaugeway.plan import PipelinePlan, SinkUse, SourceUse, StageUse
from gaugeway.service.gateway import Gateway
from gaugeway.service.notify import Notifier
from gaugeway.service.supervisor import LEFT_BEHIND
from gaugeway.service.watchdog import Watchdog

PATIENCE = 0.15


class Stuck:
    """A source that says one reading each time it is opened, and hangs in its first `hangs` openings."""

    ticks = True

    def __init__(self) -> None:
        self.hangs = 0
        self.opened = 0
        self.closed = 0
        self.way_out: SimpleQueue[None] = SimpleQueue()
        self.fault: Exception | None = None
        self.late: Reading | Exception | None = Reading("a", -1.0)
        """What it says, or fails with, or that it ends, when it comes back from where it hung."""

    def stream(self) -> Generator[Reading | Tick]:
        """Say one reading, then hang or tick."""
        self.opened += 1
        turn = self.opened
        if turn > self.hangs and self.fault is not None:
            raise self.fault
        try:
            yield Reading("a", float(turn))
            yield Tick()
            if turn <= self.hangs:
                self.way_out.get()
                if isinstance(self.late, Exception):
                    raise self.late
                if self.late is None:
                    return
                yield self.late
            while True:
                yield Tick()
                threading.Event().wait(0.01)
        finally:
            self.closed += 1

    def free(self) -> None:
        """Let every thread that hangs go on."""
        for _ in range(self.opened):
            self.way_out.put(None)


class Shelf:
    """A sink that keeps what it takes, and hangs while it is not `free`."""

    def __init__(self) -> None:
        self.taken: list[tuple[float, float | None]] = []
        self.free = threading.Event()
        self.free.set()

    def consume(self, stream: Iterable[Reading]) -> None:
        """Keep a batch: each value, and what the stage has added."""
        self.free.wait()
        self.taken += [(reading.value, reading.get("count")) for reading in stream]


class Counting:
    """A stage that counts what it has seen: state that has to live on."""

    def __init__(self) -> None:
        self.seen = 0

    def process(self, stream: Iterable[Reading]) -> Generator[Reading]:
        """Add the count."""
        for reading in stream:
            self.seen += 1
            reading.put("count", float(self.seen))
            yield reading


class Systemd:
    """Hears what systemd would."""

    def __init__(self, ear: socket.socket) -> None:
        self._ear = ear
        self._fed = 0

    @property
    def fed(self) -> int:
        """How often the watchdog was fed so far."""
        while True:
            try:
                self._fed += self._ear.recv(4096) == b"WATCHDOG=1"
            except BlockingIOError:
                return self._fed


@pytest.fixture
def systemd(tmp_path: Path) -> Generator[Systemd]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.setblocking(False)
        yield Systemd(ear)


class Scene:
    """A gateway with sources that can hang, and the watchdog that looks at it."""

    def __init__(self, folder: Path, systemd: Systemd, *names: str) -> None:
        self.systemd = systemd
        known = registry(stuck=("source", Stuck), shelf=("sink", Shelf), counting=("stage", Counting))
        stages = (StageUse(type="counting", id="counting"),)
        pipelines = [PipelinePlan(source=SourceUse(type="stuck", id=name, retry=SOON), stages=stages) for name in names]
        self.gateway = Gateway(plan(folder, *pipelines, sinks=[SinkUse(type="shelf", id="shelf")]), known)
        told = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(round(PATIENCE * 2e6))}
        self.watchdog = Watchdog(self.gateway, Notifier(told))

    def source(self, name: str) -> Stuck:
        """Return the source of that name."""
        return cast("Stuck", self.gateway.supervisors[name].pipeline.intake.source)

    @property
    def shelf(self) -> Shelf:
        """The sink."""
        return cast("Shelf", self.gateway.outlets[0].sink)

    @contextmanager
    def running(self) -> Generator[None]:
        """Run it while the block runs, and free in the end what hangs."""
        self.gateway.start()
        try:
            yield
        finally:
            for name in self.gateway.supervisors:
                self.source(name).free()
            self.shelf.free.set()
            self.gateway.stop()

    def looks_until(self, condition: Callable[[], bool]) -> None:
        """Have the watchdog look, as the main thread does, until something is true."""

        def look() -> bool:
            self.watchdog.look()
            self.systemd.fed  # noqa: B018  (heard at once: what nobody takes would have to be waited for)
            return condition()

        until(look)


def test_while_all_is_well_the_watchdog_is_fed(tmp_path: Path, systemd: Systemd) -> None:
    """A quiet source is well: it ticks."""
    scene = Scene(tmp_path, systemd, "quiet", "calm")
    with scene.running():
        scene.looks_until(lambda: systemd.fed > 8)
    assert scene.source("quiet").opened == scene.source("calm").opened == 1


def test_a_source_that_hangs_is_opened_again_and_the_others_go_on(
    tmp_path: Path, systemd: Systemd, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names it, and the place where it hangs; the state of its stages lives on."""
    scene = Scene(tmp_path, systemd, "stuck", "calm")
    source = scene.source("stuck")
    source.hangs = 1
    with caplog.at_level(logging.ERROR), scene.running():
        scene.looks_until(lambda: (2.0, 2.0) in scene.shelf.taken)
        before = systemd.fed
        scene.looks_until(lambda: systemd.fed > before)
        assert scene.source("calm").opened == 1
        assert scene.gateway.supervisors["stuck"].restarts == 1
    (record,) = caplog.records
    facts = cast("dict[str, object]", record.__dict__["facts"])
    assert facts["source"] == "stuck"
    assert "stream (service/test_watchdog.py:" in str(facts["where"])


@pytest.mark.parametrize("late", [Reading("a", -1.0), DeviceError("gone"), ZeroDivisionError("bug"), None])
def test_a_thread_that_comes_back_late_touches_nothing(
    tmp_path: Path, systemd: Systemd, late: Reading | Exception | None
) -> None:
    """What it brings, its end or its error, belongs to a past that another thread has gone on from."""
    scene = Scene(tmp_path, systemd, "stuck")
    source = scene.source("stuck")
    source.hangs, source.late = 1, late
    with scene.running():
        scene.looks_until(lambda: source.opened == 2 and len(scene.shelf.taken) == 2)
        assert scene.gateway.supervisors["stuck"].left_behind == 1
        source.free()
        until(lambda: scene.gateway.supervisors["stuck"].left_behind == 0)
        assert source.closed == 1
        assert scene.gateway.supervisors["stuck"].alive
        assert scene.gateway.supervisors["stuck"].pipeline.status.state == "running"
    assert [value for value, _ in scene.shelf.taken] == [1.0, 2.0]


def test_one_that_hangs_again_and_again_is_given_up(tmp_path: Path, systemd: Systemd) -> None:
    """Threads are not left behind without end: systemd is no longer fed, and restarts the whole."""
    scene = Scene(tmp_path, systemd, "stuck", "calm")
    source = scene.source("stuck")
    source.hangs = 99
    with scene.running():
        scene.looks_until(lambda: bool(scene.watchdog.lost))
        before = systemd.fed
        scene.looks_until(_several_looks(scene))
        assert systemd.fed == before
        assert source.opened == 1 + LEFT_BEHIND


def test_a_sink_that_hangs_cannot_be_helped(tmp_path: Path, systemd: Systemd) -> None:
    """A pipeline that hangs in a sink holds what others need: no other thread is given to it."""
    scene = Scene(tmp_path, systemd, "calm")
    scene.shelf.free.clear()
    with scene.running():
        scene.looks_until(lambda: scene.watchdog.lost == {"calm"})
        before = systemd.fed
        scene.looks_until(_several_looks(scene))
        assert systemd.fed == before
        assert scene.source("calm").opened == 1
        scene.shelf.free.set()
        scene.looks_until(lambda: systemd.fed > before)
    assert scene.watchdog.lost == set()


def test_another_thread_that_cannot_open_the_device_is_no_help(tmp_path: Path, systemd: Systemd) -> None:
    """What hangs may hold the port that is to be opened: after a while only a restart can free it."""
    scene = Scene(tmp_path, systemd, "stuck")
    source = scene.source("stuck")
    source.hangs, source.fault = 1, DeviceError("the port is held by another")
    with scene.running():
        scene.looks_until(lambda: scene.watchdog.lost == {"stuck"})
        assert scene.gateway.supervisors["stuck"].restarts == 1
        source.free()
        scene.looks_until(lambda: not scene.watchdog.lost)


def test_a_device_that_is_away_starves_nobody(tmp_path: Path, systemd: Systemd) -> None:
    """Waiting for a device is progress: everything goes on, and a restart would not bring it back."""
    scene = Scene(tmp_path, systemd, "away")
    source = scene.source("away")
    source.fault = DeviceError("unplugged")
    with scene.running():
        scene.looks_until(lambda: source.opened > 20)
        before = systemd.fed
        scene.looks_until(lambda: systemd.fed > before + 2)
    assert scene.watchdog.lost == set()


def test_what_hangs_while_it_is_replaced_by_a_reload_touches_nothing_later(
    tmp_path: Path, systemd: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway goes over to the new configuration without it; what it brings one day is not wanted any more."""
    monkeypatch.setattr("gaugeway.service.gateway.PATIENCE", 0.2)
    scene = Scene(tmp_path, systemd, "stuck")
    source = scene.source("stuck")
    source.hangs = 1
    with scene.running():
        until(lambda: len(scene.shelf.taken) == 1)
        old = scene.gateway.supervisors["stuck"]
        coming = Scene(tmp_path, systemd, "other")
        scene.gateway.reload(coming.gateway.plan, coming.gateway.registry)
        assert old.alive
        until(lambda: len(scene.shelf.taken) == 2)
        source.free()
        assert old.join(10.0)
    assert [value for value, _ in scene.shelf.taken] == [1.0, 1.0]
    assert source.closed == 1


def test_the_wheel_is_taken_only_from_a_thread_in_its_source() -> None:
    """One that has come back drives on; one that comes back too late is told."""
    wheel = Wheel()
    assert not wheel.snatch()
    wheel.take()
    wheel.go_on()
    assert not wheel.snatch()
    wheel.waits = True
    assert wheel.snatch()
    with pytest.raises(Abandoned):
        wheel.go_on()


def _several_looks(scene: Scene) -> Callable[[], bool]:
    """Return a condition that comes true after the watchdog had the time for several looks."""
    moves = scene.watchdog.looks

    return lambda: scene.watchdog.looks >= moves + 4
