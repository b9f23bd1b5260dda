"""The HTTP server answers whoever asks in good order, and nobody who does not can keep the gateway from its work."""

import http.client
import select
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pytest
from tests.engine.kit import Fed, Feed, Shelf, Shelved, plan, readings, registry
from tests.support.brokers import free_port
from tests.support.waiting import PATIENCE, until

from gaugeway.plan import Http, PipelinePlan, SinkUse, SourceUse
from gaugeway.service.gateway import Gateway
from gaugeway.service.health.health import Health
from gaugeway.service.health.report import Report
from gaugeway.service.web import pages as pages_module
from gaugeway.service.web import visitor as visitor_module
from gaugeway.service.web import web as web_module
from gaugeway.service.web.request import LONGEST
from gaugeway.service.web.web import VISITORS, Web

GET: Final = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


class Said(NamedTuple):
    """An answer."""

    status: int
    kind: str
    body: bytes


class Stand:
    """A gateway whose server is looked after by a thread, as that of the control socket does it."""

    def __init__(self, folder: Path) -> None:
        self.feed, self.shelf = Feed(), Shelf()
        source = PipelinePlan(source=SourceUse(type="fed", id="fed", options={"feed": self.feed}))
        sink = SinkUse(type="shelved", id="shelf", options={"shelf": self.shelf})
        self.http: Http | None = Http(listen=f"127.0.0.1:{free_port()}")
        made = msgspec.structs.replace(plan(folder, source, sinks=[sink]), http=self.http)
        made.file.write_text("")
        self.gateway = Gateway(made, registry(fed=("source", Fed), shelved=("sink", Shelved)))
        self.health = Health(self.gateway)
        self.web = Web(self.health)
        self._ending = threading.Event()

    @contextmanager
    def served(self) -> Generator["Stand"]:
        """Run the gateway and look after its server."""
        with ExitStack() as stack:
            self.gateway.start()
            stack.callback(self.gateway.stop)
            thread = threading.Thread(target=self._look_after)
            thread.start()
            stack.callback(thread.join)
            stack.callback(self._ending.set)
            until(lambda: self.web.status.state != "starting")
            yield self

    def _look_after(self) -> None:
        while not self._ending.is_set():
            self.web.keep_up(self.http)
            if select.select([self.web], [], [], 0.02)[0]:
                self.web.attend()
        self.web.close()

    @property
    def where(self) -> tuple[str, int]:
        """Where it listens."""
        assert self.http is not None
        host, _, port = self.http.listen.rpartition(":")
        return host.strip("[]"), int(port)

    def ask(self, path: str, method: str = "GET") -> Said:
        """Ask as any client does."""
        connection = http.client.HTTPConnection(*self.where, timeout=PATIENCE)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return Said(answer.status, answer.headers["Content-Type"], answer.read())
        finally:
            connection.close()

    @contextmanager
    def raw(self, said: bytes = b"") -> Generator[socket.socket]:
        """Connect as somebody who does as he likes."""
        with socket.create_connection(self.where, PATIENCE) as connection:
            connection.sendall(said)
            yield connection

    def told(self, said: bytes) -> bytes:
        """Return the first line of what is answered to some bytes."""
        with self.raw(said) as connection:
            return b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n")[0]


@pytest.fixture
def stand(tmp_path: Path) -> Generator[Stand]:
    """A gateway with a server."""
    with Stand(tmp_path).served() as stand:
        yield stand


def test_health_is_what_the_command_prints(stand: Stand) -> None:
    """The same report, with the status 200 while nothing is wrong."""
    status, kind, body = stand.ask("/health")
    assert (status, kind) == (200, "application/json")
    report = msgspec.json.decode(body, type=Report)
    assert (report.state, report.sources[0].name) == ("well", "fed")
    assert report.http is not None
    assert (report.http.listen, report.http.state) == (f"127.0.0.1:{stand.where[1]}", "running")


def test_health_that_is_not_well_has_the_status_503(stand: Stand) -> None:
    """So that whatever only looks at the status knows."""
    stand.feed.say(OSError("port is gone"))
    until(lambda: bool(stand.health.now().complaints))
    status, _, body = stand.ask("/health")
    assert (status, msgspec.json.decode(body, type=Report).state) == (503, "unwell")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET / HTTP/1.1", 404),
        (b"GET /health/ HTTP/1.1", 404),
        (b"GET /../etc/passwd HTTP/1.0", 404),
        (b"GET /health?verbose=1 HTTP/1.1", 200),
        (b"HEAD /health HTTP/1.1", 200),
        (b"POST /health HTTP/1.1", 405),
        (b"DELETE /metrics HTTP/1.1", 405),
        (b"get /health HTTP/1.1", 405),
        (b"GET health HTTP/1.1", 400),
        (b"GET http://elsewhere/health HTTP/1.1", 400),
        (b"GET /health", 400),
        (b"GET /health SPDY/1.1", 400),
        (b"\x16\x03\x01\x00\xa5\x01\x00", 400),
        (b"GET /\xff\xfe HTTP/1.1", 404),
        (b"", 400),
    ],
)
def test_only_what_there_is_is_answered(stand: Stand, line: bytes, status: int) -> None:
    """Whatever else is asked, by whom and how, is refused with the status for it."""
    assert stand.told(line + b"\r\nHost: x\r\n\r\n").startswith(f"HTTP/1.1 {status} ".encode())


def test_head_has_no_body(stand: Stand) -> None:
    """It says how long the body would be."""
    with stand.raw(b"HEAD /health HTTP/1.1\n\n") as connection:
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert body == b""
    assert b"Content-Length: 0" not in head


def test_a_request_without_end(stand: Stand) -> None:
    """It may be so long, in one piece or many, and then it is enough."""
    assert stand.told(b"GET /health HTTP/1.1\r\nX: " + b"a" * LONGEST) == (
        b"HTTP/1.1 431 Request Header Fields Too Large"
    )
    with stand.raw() as connection:
        for byte in GET:
            connection.sendall(bytes([byte]))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_pages_are_switched_off_one_by_one(stand: Stand) -> None:
    """What the configuration does not want is not there, also after a reload that changes nothing else."""
    stand.gateway.plan = msgspec.structs.replace(stand.gateway.plan, http=Http(metrics=False))
    assert (stand.ask("/metrics").status, stand.ask("/health").status) == (404, 200)
    stand.gateway.plan = msgspec.structs.replace(stand.gateway.plan, http=Http(health=False))
    assert (stand.ask("/metrics").status, stand.ask("/health").status) == (200, 404)


def test_those_who_say_nothing_make_room(stand: Stand) -> None:
    """However many connections are held open, the next one is answered; the oldest of them is hung up on."""
    with ExitStack() as stack:
        silent = [stack.enter_context(stand.raw(b"GET /hea")) for _ in range(3 * VISITORS)]
        assert stand.ask("/health").status == 200
        assert silent[0].recv(1) == b""


def test_those_who_take_too_long_are_hung_up_on(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then does not help: there are so many seconds for all of it."""
    monkeypatch.setattr(visitor_module, "PATIENCE", 0.05)
    with stand.raw(b"GET") as connection:
        assert connection.recv(1) == b""


def test_one_who_does_not_read_holds_nobody_up(stand: Stand) -> None:
    """What it does not take waits; others are answered, and readings flow."""
    for number in range(500):
        stand.feed.say(*readings(1.0, sensor=f"sensor-with-a-long-name-to-fill-the-line-{number}"))
    until(lambda: stand.shelf.calls > 0 and len(stand.shelf.values) == 500)
    with stand.raw() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        connection.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        assert stand.ask("/health").status == 200
        stand.feed.say(*readings(2.0))
        until(lambda: len(stand.shelf.values) == 501)


def test_a_flood_of_questions_costs_one_report_a_second(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same answer is given for a second: asking often costs the pipelines next to nothing."""
    monkeypatch.setattr(pages_module, "FRESH", 3600.0)
    made: list[Report] = []
    now = stand.health.now

    def counted() -> Report:
        made.append(now())
        return made[-1]

    monkeypatch.setattr(stand.health, "now", counted)
    answers = {stand.ask("/metrics").body for _ in range(50)}
    assert (len(answers), len(made)) == (1, 1)


def test_what_goes_wrong_in_a_page_is_no_end(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged, said, and the next question is answered."""

    def fail() -> Report:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(stand.health, "now", fail)
        assert stand.ask("/metrics").status == 500
    assert stand.ask("/health").status == 200


def test_it_follows_the_configuration(stand: Stand) -> None:
    """It listens elsewhere, over IP version 6, or not at all, as soon as that is wanted."""
    before = stand.where
    stand.http = Http(listen=f"[::1]:{free_port()}")
    until(lambda: _answers(lambda: stand.ask("/health").status == 200))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(before, PATIENCE)
    now, stand.http = stand.where, None
    until(lambda: stand.health.now().http is None)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(now, PATIENCE)


def _answers(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except OSError:
        return False


def test_a_port_that_another_program_has(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway runs on without, health names it and says what to do; when the port is free it is taken."""
    monkeypatch.setattr(web_module, "TRY_AGAIN", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as holder:
        stand.http = Http(listen=f"127.0.0.1:{holder.getsockname()[1]}")
        until(lambda: any(complaint.kind == "http" for complaint in stand.health.now().complaints))
        (complaint,) = stand.health.now().complaints
        assert f"nobody can ask at http://{stand.http.listen} since" in complaint.message
        assert "another program listens there" in complaint.message
        assert f"`sudo ss -ltnp 'sport = :{stand.where[1]}'` shows which" in complaint.advice
        stand.feed.say(*readings(1.0))
        until(lambda: stand.shelf.values == [1.0])
    until(lambda: stand.health.now().state == "well")
    assert stand.ask("/health").status == 200


def test_an_address_of_another_computer(stand: Stand) -> None:
    """It is named, with what to look at."""
    stand.http = Http(listen=f"192.0.2.1:{free_port()}")
    until(lambda: bool(stand.health.now().complaints))
    (complaint,) = stand.health.now().complaints
    assert "Cannot assign requested address" in complaint.message
    assert "is it an address of this computer" in complaint.advice
