"""The control socket answers whoever may ask, whatever pipelines and others do, and never makes a pipeline wait."""

import os
import socket
import threading
from collections.abc import Generator
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import SimpleQueue

import pytest
from tests.engine.kit import readings
from tests.service.control.switchboard import Stand, lines
from tests.support.waiting import PATIENCE, until

from gaugeway.service.control.control import GUESTS
from gaugeway.service.control.guest import IDLE, PIECE, REQUEST, GoneError, Guest
from gaugeway.service.control.peers import Peer
from gaugeway.service.control.requests import Said
from gaugeway.service.health import health as health_module
from gaugeway.service.presence.client import Answer, NoAnswerError, RefusedError, Talk
from gaugeway.service.presence.record import Record, Sighting


@pytest.fixture
def stand(tmp_path: Path) -> Generator[Stand]:
    """A gateway that is served."""
    with Stand(tmp_path).served() as stand:
        yield stand


def test_a_pipeline_that_hangs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket answers while a driver hangs, and tells which one, since when, and where in its code."""
    monkeypatch.setattr(health_module, "HANGS_AFTER", 0.2)
    with Stand(tmp_path, stuck=True).served() as stand:
        until(lambda: stand.report().state == "unwell")
        report = stand.report()
        (complaint,) = report.complaints
        assert (complaint.part, complaint.kind) == ("source stuck", "hangs")
        assert "source 'stuck' hangs since" in complaint.message
        assert "in stream (control/switchboard.py:" in complaint.message
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
