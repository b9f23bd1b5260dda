"""The HTTP server: it follows what the configuration says, and no visitor can keep the gateway from its work.

It has no thread of its own. Whoever looks after it (the control socket's thread) waits for its file descriptor, calls
`attend` when something comes, and `keep_up` every second.
"""

import os
import selectors
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from gaugeway.contain import in_words
from gaugeway.endpoint import endpoint
from gaugeway.engine.status import Status
from gaugeway.log import logger
from gaugeway.plan import Http
from gaugeway.service.health import report
from gaugeway.service.health.health import Health
from gaugeway.service.web.request import Page
from gaugeway.service.web.visitor import Visitor

log = logger(__name__)

VISITORS: Final = 16
WAITING: Final = 16
TRY_AGAIN: Final = 5.0


class Web:
    """Listens where the configuration says, as soon as that can be, and answers from what health knows."""

    def __init__(self, health: Health) -> None:
        self.status = Status()
        self._health = health
        self._selector = selectors.EpollSelector()
        self._wanted: Http | None = None
        self._listener: socket.socket | None = None
        self._visitors: list[Visitor] = []
        self._page: Callable[[str], Page] | None = None
        self._try_at = 0.0
        health.http = self.standing

    def fileno(self) -> int:
        """Return what becomes readable when there is something to attend to."""
        return self._selector.fileno()

    def standing(self) -> report.Http | None:
        """Return how it is, None where no server is asked for."""
        if self._wanted is None:
            return None
        listen, status = self._wanted.listen, self.status
        return report.Http(listen=listen, state=status.state, since=status.since, reason=status.reason)

    def keep_up(self, wanted: Http | None) -> None:
        """Be as it is wanted now: listen, elsewhere, or not at all; and hang up on those who take too long."""
        if wanted != self._wanted:
            self._stop_listening()
            self._wanted = wanted
            self._try_at = 0.0
        if wanted is not None and self._listener is None and time.monotonic() >= self._try_at:
            self._listen(wanted)
        for visitor in self._visitors:
            visitor.gone = visitor.gone or visitor.overdue
        self._see_off()

    def attend(self) -> None:
        """Do what can be done without waiting, for all who want something."""
        for key, _ in self._selector.select(0):
            key.data()
        self._see_off()

    def close(self) -> None:
        """Hang up on everybody, and listen no more."""
        self._stop_listening()
        self._selector.close()

    def _listen(self, wanted: Http) -> None:
        where = endpoint(wanted.listen)
        family = socket.AF_INET6 if where.is_version_6 else socket.AF_INET
        try:
            listener = socket.create_server(where, family=family, backlog=WAITING)
        except OSError as error:
            self._trouble(error)
            return
        listener.setblocking(False)
        self._listener, self._page = listener, _pages(self._health)
        self._selector.register(listener, selectors.EVENT_READ, self._welcome)
        self.status.become("running")
        log.info("listens for HTTP", listen=wanted.listen)

    def _trouble(self, error: OSError) -> None:
        """Do without for some seconds."""
        self._stop_listening()
        self._try_at = time.monotonic() + TRY_AGAIN
        reason = os.strerror(error.errno) if error.errno else in_words(error)
        if self.status.become("waiting", reason):
            log.warning("nobody can ask over HTTP", reason=reason)

    def _stop_listening(self) -> None:
        for visitor in self._visitors:
            visitor.gone = True
        self._see_off()
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
            self.status.become("stopped")

    def _welcome(self) -> None:
        """Let one more in; where there is no room, who has been there longest and takes nothing makes some."""
        if self._listener is None:
            return
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:  # no file descriptor is left for it, and trying at once would only burn CPU
            self._trouble(error)
            return
        if len(self._visitors) >= VISITORS:
            min(self._visitors, key=lambda visitor: visitor.waits).gone = True
            self._see_off()
        visitor = Visitor(connection)
        self._visitors.append(visitor)
        self._selector.register(connection, selectors.EVENT_READ, partial(self._serve, visitor))

    def _serve(self, visitor: Visitor) -> None:
        if self._page is not None:
            visitor.attend(self._page)
        if not visitor.gone:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE * visitor.waits)
            self._selector.modify(visitor.connection, events, partial(self._serve, visitor))

    def _see_off(self) -> None:
        for visitor in [visitor for visitor in self._visitors if visitor.gone]:
            self._selector.unregister(visitor.connection)
            visitor.close()
            self._visitors.remove(visitor)


def _pages(health: Health) -> Callable[[str], Page]:
    """Return what answers; who has no server does not even load it."""
    from gaugeway.service.web.pages import Pages  # noqa: PLC0415  (see above)

    return Pages(health).page
