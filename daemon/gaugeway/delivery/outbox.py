"""The outbox: what a sink has for the network waits here until it is delivered, in order, through any crash."""

import errno
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

import msgspec

from gaugeway.delivery.backlog import Backlog, Position
from gaugeway.delivery.files import Files
from gaugeway.delivery.reserve import Reserve
from gaugeway.delivery.sender import Deliver, Sender
from gaugeway.log import logger
from gaugeway.plan import Buffer, Retry

log = logger(__name__)


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """How an outbox is doing. `put` = `sent` + `queued` + `dropped` + `left_out` + `thinned`, since the start.

    `thinned` are readings that were summed up with others. Nobody will see the messages that were `dropped` for want
    of room, nor those `left_out` because of a `bug` in `deliver`. What an earlier process left in the queue counts as
    put when it was found.
    """

    put: int
    sent: int
    queued: int
    dropped: int
    left_out: int
    thinned: int
    failing_for: float | None
    next_try_in: float | None
    last_error: str
    bug: str
    bytes_used: int
    bytes_written: int
    syncs: int


class Outbox:
    """Keeps messages, and has a `Sender` deliver them.

    Every message arrives at least once; it arrives twice only if the process dies between a delivery and the note of
    it, or the power fails soon after. A checkpoint calls `sync`, remembers `position` and, when it is safe, calls
    `settle` with it. After a restart `resume` gets that position before anything is put. Without a folder the
    messages are in memory only.
    """

    def __init__(
        self,
        deliver: Deliver,
        *,
        name: str,
        folder: Path | None,
        buffer: Buffer | None = None,
        retry: Retry | None = None,
        reserve: Reserve | None = None,
        files: Files | None = None,
        causes: Callable[[], None] = lambda: None,
    ) -> None:
        """Call `causes` before an urgent message is put: it makes last what the message follows from.

        After a power cut it is then made once more, the same with the same id; the id is not given to another one.
        """
        self.name = name
        self._backlog = Backlog(folder, buffer or Buffer(), files)
        self._found = self._backlog.waiting
        self._reserve = reserve
        self._causes = causes
        self._lock = threading.Lock()
        self._sender = Sender(name, deliver, self._backlog, self._lock, retry or Retry())

    def start(self) -> None:
        """Begin to deliver."""
        self._sender.start()

    def put(self, messages: Sequence[bytes], *, sync: bool = False) -> None:
        """Keep messages until they are delivered; with `sync` they are urgent, and on disk before they are sent.

        `JournalFullError` says that the outbox is full and was told to stop taking, `OSError` that the disk does not
        take the messages. Then the same ones are put again until that succeeds, now or after a restart; this does
        not double them. Urgent messages may use the reserve, and a disk that does not take them even so does not
        hold them up: they are sent from memory.
        """
        if messages:
            if sync:
                self._causes()
            with self._lock:
                if sync:
                    self._put_urgent(messages)
                else:
                    self._backlog.put(messages)
            self._sender.wake()

    @property
    def position(self) -> Position:
        """What a checkpoint has to remember, after `sync`."""
        with self._lock:
            return self._backlog.position

    def sync(self) -> None:
        """Make all that was put outlast a power cut."""
        with self._lock:
            self._backlog.sync()

    def settle(self, position: Position) -> None:
        """Forget what was delivered before this position: the checkpoint with it is safe."""
        with self._lock:
            self._backlog.settle(position)

    def resume(self, position: Position) -> None:
        """After a restart: what was put since this position will be put once more. Called before the first `put`."""
        with self._lock:
            self._backlog.resume(position)

    def condition(self) -> Condition:
        """Return the counters and how delivery goes."""
        now = monotonic()
        with self._lock:
            backlog, sender = self._backlog, self._sender
            return Condition(
                put=self._found + backlog.kept,
                sent=sender.sent,
                queued=backlog.waiting,
                dropped=backlog.dropped,
                left_out=sender.left_out,
                thinned=backlog.thinned,
                failing_for=None if sender.failing_since is None else now - sender.failing_since,
                next_try_in=None if sender.next_try is None else max(0.0, sender.next_try - now),
                last_error=sender.last_error,
                bug=sender.bug,
                bytes_used=backlog.used,
                bytes_written=sum(lane.log.bytes_written for lane in backlog.lanes),
                syncs=sum(lane.log.syncs for lane in backlog.lanes),
            )

    def close(self, within: float = 5.0) -> None:
        """Deliver for so many seconds what still waits, unless that fails, and end. What is left waits on disk."""
        ended = self._sender.stop(within)
        with self._lock:
            left = self._backlog.waiting
            self._backlog.close()
        if not ended:
            log.warning("a delivery does not return and is left behind", outbox=self.name)
        if left:
            log.info("messages are left in the outbox", outbox=self.name, count=left)

    def _put_urgent(self, messages: Sequence[bytes]) -> None:
        try:
            try:
                self._backlog.put_urgent(messages)
            except OSError as error:
                if error.errno != errno.ENOSPC or self._reserve is None or not self._reserve.release():
                    raise
                self._backlog.put_urgent(messages)
        except OSError as error:
            log.warning("disk takes no urgent messages, sent from memory", outbox=self.name, reason=str(error))
            self._backlog.put_afloat(messages)
