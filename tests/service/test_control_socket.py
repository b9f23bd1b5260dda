"""The control socket answers whoever may ask, whatever pipelines and others do, and never makes a pipeline wait."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import cast

import msgspec
import pytest
from tests.engine.kit import PATIENCE, Fed, Feed, Shelf, Shelved, plan, readings, registry, until

from gaugeway import ConfigError, Reading, Tick
from gaugeway.plan import PipelinePlan, SinkUse, SourceUse, StageUse
from gaugeway.service.control.control import GUESTS, Control
from gaugeway.service.control.desk import Desk
from gaugeway.service.control.guest import IDLE, PIECE, REQUEST, GoneError, Guest
from gaugeway.service.control.listening import listening
from gaugeway.service.control.peers import Peer, peer_of
from gaugeway.service.control.requests import Said
from gaugeway.service.control.taps import MOST
from gaugeway.service.gateway import Gateway
from gaugeway.service.health import health as health_module
from gaugeway.service.health.health import Health
from gaugeway.service.health.report import Report
from gaugeway.service.presence.client import Answer, NoAnswerError, RefusedError, Talk
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


@pytest.fixture
def stand(tmp_path: Path) -> Generator[Stand]:
    """A gateway that is served."""
    with Stand(tmp_path).served() as stand:
        yield stand


def lines(connection: socket.socket, count: int) -> list[dict[str, object]]:
    """Read so many answers."""
    received = b""
    while received.count(b"\n") < count:
        piece = connection.recv(65536)
        assert piece, "hung up"
        received += piece
    return [cast("dict[str, object]", json.loads(line)) for line in received.splitlines()]


def test_a_pipeline_that_hangs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket answers while a driver hangs, and tells which one, since when, and where in its code."""
    monkeypatch.setattr(health_module, "HANGS_AFTER", 0.2)
    with Stand(tmp_path, stuck=True).served() as stand:
        until(lambda: stand.report().state == "unwell")
        report = stand.report()
        (complaint,) = report.complaints
        assert (complaint.part, complaint.kind) == ("source stuck", "hangs")
        assert "source 'stuck' hangs since" in complaint.message
        assert "in stream (service/test_control_socket.py:" in complaint.message
        assert {source.name: source.hangs for source in report.sources} == {"fed": False, "stuck": True}
        stand.way_out.put(None)
        until(lambda: stand.report().state == "well")


def test_several_questions_in_pieces(stand: Stand) -> None:
    """Requests are lines, however they are cut, and each gets its answer, in order."""
    with stand.raw() as connection:
        for byte in b'{"ask":"ping"}\n{"ask":"fl':
            connection.send(bytes((byte,)))
        connection.send(b'ags"}\n{"ask":"ping"}\n')
        pong, flags, again = lines(connection, 3)
    assert pong == again == {"pid": os.getpid(), "version": pong["version"], "node": "test", "ready": False}
    assert flags == {"flags": {"extra": False}}


@pytest.mark.parametrize(
    "line",
    [b"", b"rubbish", b"[]", b"{}", b'{"ask":"nothing"}', b'{"ask":"switch"}', b"\xff\xfe", b'{"ask":"tap","at":7}'],
)
def test_nonsense_is_refused_in_words(stand: Stand, line: bytes) -> None:
    """What is no request is answered with an error, and the next request is met."""
    with stand.raw() as connection:
        connection.sendall(line + b'\n{"ask":"ping"}\n')
        refusal, pong = lines(connection, 2)
    assert refusal["code"] == 2
    assert str(refusal["error"]).startswith("this is not understood")
    assert pong["node"] == "test"


def test_a_request_without_end_is_hung_up_on(stand: Stand) -> None:
    """A line may be so long, and then it is enough."""
    with stand.raw() as connection, pytest.raises(OSError, match=r"Broken pipe|reset"):
        connection.sendall(b"x" * 4_000_000)
    with stand.raw() as connection:
        connection.sendall(b"x" * (REQUEST + 1))
        assert "one line of at most" in str(lines(connection, 1)[0]["error"])
        assert connection.recv(1) == b""
    assert stand.ask("ping")["node"] == "test"


def test_one_who_does_not_read_holds_nobody_up(stand: Stand) -> None:
    """A client that asks and never reads is not waited for; others are answered, and readings flow."""
    with stand.raw() as deaf:
        deaf.setblocking(False)
        with suppress(OSError):  # it takes no more, or has hung up
            while True:
                deaf.send(b'{"ask":"health"}\n' * 100)
        stand.feed.say(*readings(1.0, 2.0))
        until(lambda: stand.shelf.values == [2.0, 4.0])
        assert stand.ask("ping")["node"] == "test"


def test_there_is_room_for_so_many(stand: Stand) -> None:
    """One too many is told so while all others have something to do here; when one goes, the next is let in."""
    with ExitStack() as stack:
        talks = [stack.enter_context(stand.talk()) for _ in range(GUESTS)]
        assert all(next(talk.listen({"ask": "tap", "at": "fed"})) for talk in talks)
        with pytest.raises(RefusedError, match="too many are connected"):
            stand.ask("ping")
    until(lambda: _answers(stand))


def test_those_who_only_sit_there_keep_nobody_out(stand: Stand) -> None:
    """However many connections are held open: who has asked for nothing for longest makes room."""
    with ExitStack() as stack:
        silent = [stack.enter_context(stand.raw()) for _ in range(GUESTS)]
        tapping = stack.enter_context(stand.talk()).listen({"ask": "tap", "at": "fed"})
        assert next(tapping)
        for _ in range(3 * GUESTS):
            stack.enter_context(stand.raw())
            assert stand.ask("ping")["node"] == "test"
        assert all(connection.recv(1) == b"" for connection in silent)
        stand.feed.say(*readings(7.0))
        assert next(tapping)["value"] == 7.0


def _answers(stand: Stand) -> bool:
    try:
        return stand.ask("ping")["node"] == "test"
    except RefusedError:
        return False


def test_the_idle_are_hung_up_on() -> None:
    """Who neither asks nor takes for a minute has to go; who waits for us may stay."""
    here, there = socket.socketpair()
    with here, there:
        guest = Guest(here, Peer(1, 0, frozenset()))
        assert not guest.overdue
        guest.moved_at -= IDLE + 1
        assert guest.overdue
        guest.asking = True
        assert not guest.overdue
        guest.say(b"x" * (16 * PIECE))
        guest.moved_at -= IDLE + 1
        assert (guest.waits, guest.has_room, guest.overdue) == (True, False, True)
        there.close()
        with pytest.raises(GoneError):
            guest.receive()


def test_a_tap_shows_what_leaves_a_stage(stand: Stand) -> None:
    """At the source what comes in, at a stage what it made of it, each with the readings that are asked for."""
    with stand.talk() as entering, stand.talk() as leaving, stand.talk() as high:
        taps = [
            entering.listen({"ask": "tap", "at": "fed"}),
            leaving.listen({"ask": "tap", "at": "fed/a", "sensor": "t*"}),
            high.listen({"ask": "tap", "at": "fed/a", "where": "value>=30 and sensor!=t2"}),
        ]
        assert [next(tap)["text"] for tap in taps] == ["tapping fed", "tapping fed/a", "tapping fed/a"]
        stand.feed.say(*readings(10.0, sensor="t1"), *readings(20.0, sensor="t2"), *readings(30.0, sensor="p"))
        assert [next(taps[0])["value"] for _ in range(3)] == [10.0, 20.0, 30.0]
        assert [(shown["sensor"], shown["value"]) for shown in (next(taps[1]), next(taps[1]))] == [
            ("t1", 20.0),
            ("t2", 40.0),
        ]
        assert next(taps[2])["value"] == 60.0
        assert stand.taps == 3
    until(lambda: stand.taps == 0)
    assert stand.shelf.values == [20.0, 40.0, 60.0]


def test_a_tap_that_nobody_reads_costs_no_reading(stand: Stand) -> None:
    """Readings that come faster than they are taken are counted and left out of the tap, never of the sinks."""
    with stand.talk() as talk:
        tap = talk.listen({"ask": "tap", "at": "fed/a"})
        next(tap)
        count = 40 * MOST
        stand.feed.say(*readings(*map(float, range(count))))
        until(lambda: len(stand.shelf.values) == count)
        shown = missed = 0
        while shown + missed < count:
            answer = next(tap)
            shown, missed = shown + ("value" in answer), missed + cast("int", answer.get("missed", 0))
    assert shown + missed == count
    assert missed > 0
    assert stand.shelf.values == [2.0 * value for value in range(count)]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"at": "fad"}, "there is no source 'fad'; there are fed"),
        ({"at": "fed/c"}, "source 'fed' has no stage 'c'; its points are fed/a, fed/b"),
        ({"at": "fed", "where": "value is high"}, "'value is high' is no condition"),
        ({"at": "fed", "where": "value>high"}, "'high' is no number"),
        ({"at": "fed", "where": "quality>good"}, "'quality' is a word"),
    ],
)
def test_a_tap_that_cannot_be(stand: Stand, words: dict[str, object], error: str) -> None:
    """What is wrong with it, and what there is."""
    with pytest.raises(RefusedError, match=error) as refused:
        stand.ask("tap", **words)
    assert refused.value.code == 2


def test_a_tap_follows_a_reload(stand: Stand) -> None:
    """It goes on with the pipeline that takes the place of the one that it watched, and ends where there is none."""
    fed = stand.plan.pipelines[0]
    other_source = msgspec.structs.replace(fed.source, options={"feed": Feed(*readings(5.0))})
    without_a = msgspec.structs.replace(stand.plan, pipelines=(PipelinePlan(source=other_source),))
    coming = msgspec.structs.replace(stand.plan, pipelines=(PipelinePlan(source=other_source, stages=fed.stages),))
    with stand.talk() as talk:
        tap = talk.listen({"ask": "tap", "at": "fed/a"})
        next(tap)
        stand.gateway.reload(coming, stand.plugins)
        feed = cast("Feed", other_source.options["feed"])
        until(lambda: stand.taps == 1)
        feed.say(*readings(6.0))
        assert next(tap)["value"] in (10.0, 12.0)  # the tap may have come too late for the first
        stand.gateway.reload(without_a, stand.plugins)
        with pytest.raises(RefusedError, match="this point is gone since a reload"):
            list(tap)


def test_a_flag_is_switched(stand: Stand) -> None:
    """A stage behind a flag takes part as soon as the flag is on."""
    with pytest.raises(RefusedError, match="there is no flag 'nothing'; there are: extra"):
        stand.ask("switch", name="nothing", on=True)
    assert stand.ask("switch", name="extra", on=True) == {"flags": {"extra": True}}
    stand.feed.say(*readings(1.0, 1.0))
    until(lambda: len(stand.shelf.values) == 2)
    assert stand.shelf.values[-1] == 4.0


def test_errands_are_answered_by_the_main_thread(stand: Stand) -> None:
    """A stop is put down for the main thread, which is woken, and answered when that says so; others go on."""
    answers: SimpleQueue[Answer] = SimpleQueue()
    asking = threading.Thread(target=lambda: answers.put(stand.ask("stop")))
    asking.start()
    assert stand.wishes.changed.wait(PATIENCE)
    (errand,) = stand.desk.errands()
    assert stand.ask("ping")["node"] == "test"
    assert answers.empty()
    errand.tell(Said(text="stopped"))
    asking.join(PATIENCE)
    assert answers.get(timeout=PATIENCE) == {"text": "stopped"}


def test_what_is_asked_after_an_errand_waits_for_it(stand: Stand) -> None:
    """Answers come in the order of the questions, also where the first one takes its time."""
    with stand.raw() as connection:
        connection.sendall(b'{"ask":"check"}\n{"ask":"ping"}\n')
        assert stand.wishes.changed.wait(PATIENCE)
        for errand in stand.desk.errands():
            errand.tell(Said(text="checked"))
        checked, pong = lines(connection, 2)
    assert (checked, pong["node"]) == ({"text": "checked"}, "test")


def test_last_words_are_heard(tmp_path: Path) -> None:
    """What is answered just before the end still arrives."""
    stand = Stand(tmp_path)
    with ExitStack() as stack:
        with stand.served():
            connection = stack.enter_context(stand.raw())
            connection.sendall(b'{"ask":"stop"}\n')
            assert stand.wishes.changed.wait(PATIENCE)
            for errand in stand.desk.errands():
                errand.tell(Said(text="goodbye"))
        assert lines(connection, 1) == [{"text": "goodbye"}]
        assert connection.recv(1) == b""


def test_a_fault_of_a_part_does_not_silence_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong in what is done every second or in a report is logged, and the next question answered."""
    stand = Stand(tmp_path)

    def fails() -> None:
        raise ZeroDivisionError

    with stand.served(every_second=fails):
        monkeypatch.setattr(stand.gateway, "plan", None)
        with pytest.raises(RefusedError, match="that failed: AttributeError"):
            stand.ask("health")
        assert stand.ask("ping")["node"] == "test"
        monkeypatch.undo()


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


def test_a_client_gives_up_on_the_silent(tmp_path: Path) -> None:
    """A listener that never answers, one that hangs up and one that is not there are each told apart."""
    path = str(tmp_path / "mute.sock")
    mute = Sighting(Record("here", socket=path), alive=True, beat=0.0)
    with pytest.raises(NoAnswerError, match="No such file"), Talk(mute):
        pass
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        with pytest.raises(NoAnswerError, match="it does not answer"), Talk(mute) as talk:
            talk.ask({"ask": "ping"})
        with Talk(mute) as talk:
            listener.accept()[0].close()
            listener.accept()[0].close()
            with pytest.raises(NoAnswerError, match=r"hung up|Broken pipe|reset"):
                talk.ask({"ask": "ping"})
