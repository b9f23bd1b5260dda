"""A gateway with its control socket, and somebody who asks."""

import json
import socket
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import cast

import msgspec
from tests.engine.kit import Fed, Feed, Shelf, Shelved, plan, registry
from tests.support.waiting import PATIENCE

from gaugeway import Reading, Tick
from gaugeway.plan import PipelinePlan, SinkUse, SourceUse, StageUse
from gaugeway.service.control.control import Control
from gaugeway.service.control.desk import Desk
from gaugeway.service.control.listening import listening
from gaugeway.service.gateway import Gateway
from gaugeway.service.health.health import Health
from gaugeway.service.health.report import Report
from gaugeway.service.presence.client import Answer, Talk
from gaugeway.service.presence.record import Record, Sighting
from gaugeway.service.signals import Wishes


class Stuck:
    """A source that says one reading and hangs, until it is let go."""

    ticks = True

    def __init__(self, *, way_out: SimpleQueue[None]) -> None:
        self._way_out = way_out

    def stream(self) -> Iterator[Reading | Tick]:
        """Say one thing and wait for ever."""
        yield Reading("s", 1.0)
        yield Tick()
        self._way_out.get()


def doubled(reading: Reading) -> Reading:
    reading.value *= 2
    return reading


class Stand:
    """A gateway with a feed, a source that hangs if it is asked for, and its control socket."""

    def __init__(self, folder: Path, *, stuck: bool = False) -> None:
        self.feed, self.shelf, self.way_out = Feed(), Shelf(), SimpleQueue[None]()
        sources = [PipelinePlan(source=self._use("fed", feed=self.feed), stages=(self._stage("a"), self._stage("b")))]
        sources += [PipelinePlan(source=self._use("stuck", way_out=self.way_out))] if stuck else []
        self.plugins = registry(
            fed=("source", Fed), stuck=("source", Stuck), double=("stage", doubled), shelved=("sink", Shelved)
        )
        sink = SinkUse(type="shelved", id="shelf", options={"shelf": self.shelf})
        self.plan = plan(folder, *sources, sinks=[sink], flags={"extra": False})
        self.plan.file.write_text("")
        self.gateway = Gateway(self.plan, self.plugins)
        self.path = str(folder / "control.sock")
        self.wishes = Wishes()
        self.desk = Desk(Health(self.gateway), self.wishes)

    def _use(self, type: str, **options: object) -> SourceUse:
        return SourceUse(type=type, id=type, options=options)

    def _stage(self, id: str) -> StageUse:
        return StageUse(type="double", id=id, flag="extra" if id == "b" else None)

    @contextmanager
    def served(self, every_second: Callable[[], None] = lambda: None) -> Generator["Stand"]:
        """Run the gateway and serve its socket."""
        with ExitStack() as stack:
            listener, _ = stack.enter_context(listening([self.path]))
            self.control = stack.enter_context(Control(listener, self.desk, every_second))
            self.gateway.start()
            stack.callback(self.gateway.stop)
            stack.callback(self.way_out.put, None)
            yield self

    def talk(self, patience: float = PATIENCE) -> Talk:
        """Connect as a command does."""
        return Talk(Sighting(Record("here", socket=self.path), alive=True, beat=time.time()), patience)

    def ask(self, ask: str, **words: object) -> Answer:
        """Ask one thing."""
        with self.talk() as talk:
            return talk.ask({"ask": ask, **words})

    @contextmanager
    def raw(self) -> Generator[socket.socket]:
        """Connect as somebody who does as he likes."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(self.path)
            yield connection

    def report(self) -> Report:
        """Return how it is."""
        return msgspec.convert(self.ask("health"), Report)

    @property
    def taps(self) -> int:
        """How many look at the fed pipeline."""
        return sum(len(pipeline.chain.taps) for pipeline in self.gateway.pipelines if pipeline.name == "fed")


def lines(connection: socket.socket, count: int) -> list[dict[str, object]]:
    """Read so many answers."""
    received = b""
    while received.count(b"\n") < count:
        piece = connection.recv(65536)
        assert piece, "hung up"
        received += piece
    return [cast("dict[str, object]", json.loads(line)) for line in received.splitlines()]
