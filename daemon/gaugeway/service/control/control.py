"""The control socket: who connects is looked at, listened to and answered, all on one thread that waits for nobody.

Pipelines may hang and clients may be slow or hostile: there are only so many of them, a request has an end, what a
client does not take is kept up to a bound, and one that neither asks nor takes is hung up on.
"""

import selectors
import socket
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final, Protocol, Self

from gaugeway.contain import Contained, in_words
from gaugeway.log import logger
from gaugeway.service.control.desk import Desk, encoded
from gaugeway.service.control.guest import GoneError, Guest
from gaugeway.service.control.peers import peer_of
from gaugeway.service.control.requests import Said

log = logger(__name__)

GUESTS: Final = 16
SECOND: Final = 1.0
TAP_PAUSE: Final = 0.05
BREATH: Final = 0.1
LAST_WORDS: Final = 1.0


class Attended(Protocol):
    """Something else that the same thread looks after."""

    def fileno(self) -> int:
        """Return what becomes readable when there is something to do."""
        ...

    def attend(self) -> None:
        """Do it, without waiting for anybody."""
        ...


class Control:
    """Serves a listening socket while the block runs: `with Control(listener, desk, every_second): ...`."""

    def __init__(
        self, listener: socket.socket, desk: Desk, every_second: Callable[[], None], also: Sequence[Attended] = ()
    ) -> None:
        self._listener = listener
        self._desk = desk
        self._every_second = every_second
        self._also = also
        self._done_at = 0.0
        self._guests: list[Guest] = []
        self._posted: SimpleQueue[tuple[Guest, bytes]] = SimpleQueue()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)

    def __enter__(self) -> Self:
        self._alarm, self._button = socket.socketpair()
        self._alarm.setblocking(False)
        self._listener.setblocking(False)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._button.send(b"!")
        self._thread.join()
        self._button.close()
        self._alarm.close()

    def post(self, guest: Guest, line: bytes) -> None:
        """Answer a guest, from any thread."""
        self._posted.put((guest, line))
        self._button.send(b"!")

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._alarm, selectors.EVENT_READ)
            for other in self._also:
                selector.register(other.fileno(), selectors.EVENT_READ, other)
            while not self._ending.is_set():
                tapping = any(guest.tap for guest in self._guests)
                for key, _ in selector.select(TAP_PAUSE if tapping else SECOND):
                    if key.fileobj is self._listener:
                        self._welcome(selector)
                    elif key.fileobj is self._alarm:
                        self._alarm.recv(4096)
                    elif isinstance(key.data, Guest):
                        self._attend(key.data)
                    else:
                        self._contained(key.data.attend)
                self._look_round(selector)
            self._say_goodbye()

    def _welcome(self, selector: selectors.BaseSelector) -> None:
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return
        except OSError as error:
            log.warning("nobody can connect to the control socket", reason=error.strerror or str(error))
            self._ending.wait(BREATH)  # there is no file descriptor left: trying at once would only burn CPU
            return
        guest = Guest(connection, peer_of(connection))
        refusal = self._refusal(guest)
        if refusal:
            with suppress(GoneError):
                guest.say(encoded(Said(error=refusal, code=1)))
            guest.close()
            return
        self._make_room(selector)
        self._guests.append(guest)
        selector.register(connection, selectors.EVENT_READ, guest)

    def _refusal(self, guest: Guest) -> str:
        """Return why somebody is not let in; empty for who is welcome."""
        if not guest.peer.welcome:
            log.warning("refused at the control socket", user=guest.peer.user, process=guest.peer.pid)
            return f"user {guest.peer.user} may not command this gateway"
        crowded = len(self._guests) >= GUESTS and not any(other.idle for other in self._guests)
        return "too many are connected, try again" if crowded else ""

    def _make_room(self, selector: selectors.BaseSelector) -> None:
        """Hang up on who has asked for nothing for longest, where there is no room: nobody keeps an operator out."""
        if len(self._guests) >= GUESTS:
            min((guest for guest in self._guests if guest.idle), key=lambda guest: guest.moved_at).gone = True
            self._see_off(selector)

    def _see_off(self, selector: selectors.BaseSelector) -> None:
        for guest in [guest for guest in self._guests if guest.gone]:
            selector.unregister(guest.connection)
            guest.close()
            self._guests.remove(guest)

    def _attend(self, guest: Guest) -> None:
        """Take in what a guest asks and answer it; send what it has not taken yet."""
        with self._hung_up_on(guest):
            guest.send()
            guest.receive()
            self._answer(guest)

    def _answer(self, guest: Guest) -> None:
        """Meet what it has asked, one request after the other, and no more than it takes the answers of."""
        while not guest.asking and guest.has_room and (line := guest.request()) is not None:
            answer = self._desk.answer(line, guest, partial(self.post, guest))
            guest.asking = answer is None
            if answer is not None:
                guest.say(answer)

    def _look_round(self, selector: selectors.BaseSelector) -> None:
        """Do what is due, whether anybody has asked for something or not."""
        second = time.monotonic() - self._done_at >= SECOND
        if second:
            self._done_at = time.monotonic()
            self._contained(self._every_second)
        self._deliver_posts()
        for guest in self._guests:
            with self._hung_up_on(guest):
                self._show_tap(guest, follow=second)
                if guest.overdue:
                    raise GoneError
        self._see_off(selector)
        for guest in self._guests:
            selector.modify(guest.connection, selectors.EVENT_READ | (selectors.EVENT_WRITE * guest.waits), guest)

    @staticmethod
    def _contained(do: Callable[[], None]) -> None:
        with Contained() as fault:  # it looks into parts that others wrote, and this thread has to go on
            do()
        if fault.error is not None:
            log.error("the control socket is disturbed", reason=in_words(fault.error), error=fault.error)

    def _deliver_posts(self) -> None:
        while True:
            try:
                guest, line = self._posted.get_nowait()
            except Empty:
                return
            guest.asking = False
            with self._hung_up_on(guest):
                guest.say(line)
                self._answer(guest)

    def _show_tap(self, guest: Guest, *, follow: bool) -> None:
        if guest.tap is None:
            return
        if follow and not guest.tap.follow():
            guest.say(encoded(Said(error="this point is gone since a reload", code=1)))
            raise GoneError
        if guest.has_room and (lines := guest.tap.fetch()):
            guest.say(b"\n".join(lines))

    def _say_goodbye(self) -> None:
        """Give everybody a moment to take what they have still to be told."""
        self._deliver_posts()
        until = time.monotonic() + LAST_WORDS
        for guest in self._guests:
            guest.connection.settimeout(max(0.01, until - time.monotonic()))
            with self._hung_up_on(guest):
                while guest.waits and time.monotonic() < until:
                    guest.send()
            guest.close()

    @contextmanager
    def _hung_up_on(self, guest: Guest) -> Generator[None]:
        """Note that a guest has gone, or has to go because it makes no sense."""
        try:
            yield
        except GoneError:
            guest.gone = True
        except ValueError as error:
            guest.gone = True
            with suppress(GoneError):
                guest.say(encoded(Said(error=str(error), code=2)))
