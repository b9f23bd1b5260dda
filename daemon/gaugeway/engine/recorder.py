"""What is kept of a source before a stage sees it, so that a crash leaves no trace."""

import time
from collections.abc import Callable, Generator, Iterable
from typing import Final, Protocol

import msgspec

from gaugeway.contain import in_words
from gaugeway.delivery.intake import Entry, IntakeJournal
from gaugeway.delivery.journal import JournalFullError
from gaugeway.engine.burst import Burst, Receipt
from gaugeway.engine.intake import Intake
from gaugeway.engine.status import Status
from gaugeway.errors import DeviceError
from gaugeway.log import logger

log = logger(__name__)

MEMORY: Final = 4096
"""How many messages a broker may send again although they are on disk, where the source does not say it."""
AT_ONCE: Final = 512
"""So many are let go of at a time when they need not be known any more."""


class Recorder(Protocol):
    """Keeps bursts before they are worked through, and brings back those that a crash interrupted."""

    measure: str
    """What positions count: one of a checkpoint is good for nothing where another was meant."""

    position: int
    """Up to where everything has been worked through: what a checkpoint remembers."""

    def keep(self, burst: Burst) -> bool:
        """Keep a burst before any of its readings goes on; False if that has to wait, and the burst with it."""
        ...

    def settle(self, burst: Burst) -> None:
        """Note that a burst went through; make it last and acknowledge it, if that is due."""
        ...

    def replay(self) -> Generator[Burst]:
        """Yield what was kept and not worked through before a restart."""
        ...

    def sync(self) -> None:
        """Bring everything kept to disk, from any thread; OSError or DeviceError where that fails."""
        ...

    def make_last(self) -> None:
        """Bring everything kept to disk and then acknowledge it; for the thread that reads the source."""
        ...

    def remembered(self) -> list[Receipt]:
        """Return the messages that a broker may send again although they are kept."""
        ...

    def resume(self, position: int, receipts: Iterable[Receipt]) -> None:
        """Go on from a checkpoint; before anything is read."""
        ...

    def trim(self, position: int) -> None:
        """Forget what a checkpoint that is safe has made needless."""
        ...

    def close(self) -> None:
        """Give back what is open."""
        ...


class Unrecorded:
    """Keeps nothing: what went through is acknowledged, what a crash interrupts is lost."""

    measure = ""

    def __init__(self, intake: Intake) -> None:
        self.position = 0
        self._intake = intake

    def keep(self, burst: Burst) -> bool:  # noqa: ARG002  (the contract's name)
        """Keep nothing."""
        return True

    def settle(self, burst: Burst) -> None:  # noqa: ARG002
        """Acknowledge at once."""
        self._intake.commit()

    def replay(self) -> Generator[Burst]:
        """Yield nothing."""
        yield from ()

    def sync(self) -> None:
        """Have nothing to sync."""

    def make_last(self) -> None:
        """Acknowledge what went through."""
        self._intake.commit()

    def remembered(self) -> list[Receipt]:
        """Remember nothing."""
        return []

    def resume(self, position: int, receipts: Iterable[Receipt]) -> None:
        """Begin anew."""

    def trim(self, position: int) -> None:
        """Forget nothing."""

    def close(self) -> None:
        """Have nothing open."""


class Counted(Unrecorded):
    """For recorded data, which can be read again: only how far it was worked through is remembered."""

    def __init__(self, intake: Intake, measure: str) -> None:
        super().__init__(intake)
        self.measure = measure

    def settle(self, burst: Burst) -> None:
        """Count what went through."""
        self.position += burst.items
        super().settle(burst)

    def resume(self, position: int, receipts: Iterable[Receipt]) -> None:  # noqa: ARG002
        """Skip what was worked through before."""
        self.position = self._intake.skip = position
        if position:
            log.info("goes on behind what was read before", source=self._intake.use.id, readings=position)


class Journaled:
    """For live data: every burst is in the intake journal before a stage sees it.

    A burst that the disk does not take waits, if the sender keeps what is not acknowledged; otherwise it goes on
    without and is counted in `unkept`, because a device that sends lines does not wait.
    """

    measure = "journal"

    def __init__(
        self,
        kept: IntakeJournal,
        intake: Intake,
        *,
        sync_every: float,
        keeps_ticks: Callable[[], bool],
        save_soon: Callable[[], None] = lambda: None,
    ) -> None:
        """Call `save_soon` when the journal fills up: a checkpoint is what makes room in it."""
        self.kept = kept
        self.journal = kept.journal
        self.position = self.journal.end
        self.status = Status()
        self.unkept = 0
        self._intake = intake
        self._sync_every = sync_every
        self._keeps_ticks = keeps_ticks
        self._save_soon = save_soon
        self._asked_to_save = False
        self._news: Callable[[], list[Receipt]] | None = getattr(intake.source, "news", None)
        self._waiting_news: list[Receipt] = []
        self._receipts: list[Receipt] = []
        self._most_receipts = AT_ONCE
        self._synced_at = time.monotonic()
        self._owing = False
        self._refused = False

    def keep(self, burst: Burst) -> bool:
        """Append the burst to the journal, in one write."""
        if burst.position is not None:  # it is there already: replayed, or held while the stages were exchanged
            return True
        if self._news is not None:
            self._waiting_news += self._news()
        if not (burst.readings or self._waiting_news or (burst.tick and self._keeps_ticks())):
            return True
        try:
            burst.position = self.kept.append(
                Entry(burst.readings, burst.now, burst.tick, burst.full, self._waiting_news)
            )
        except (DeviceError, OSError) as error:
            return self._without(burst, error)
        if not self._asked_to_save and self.journal.used > self.journal.size // 2:
            self._asked_to_save = True
            self._save_soon()
        burst.receipts, self._waiting_news = self._waiting_news, []
        self._refused = False
        if burst.readings or burst.receipts:
            self._owing = True
        if self.status.state != "running":
            self.status.become("running")
        return True

    def settle(self, burst: Burst) -> None:
        """Move on behind the burst; sync when the sender waits for it or it has been long enough."""
        if burst.position is not None:
            self.position = burst.position
            self._receipts += burst.receipts
            if len(self._receipts) > self._most_receipts:
                self._forget()
        due = burst.full or time.monotonic() - self._synced_at >= self._sync_every
        if due and self._owing:
            self.make_last()

    def sync(self) -> None:
        """Sync the journal."""
        self.journal.sync()

    def make_last(self) -> None:
        """Sync the journal, then acknowledge, unless the source has given what the journal did not take."""
        self._synced_at = time.monotonic()
        try:
            self.journal.sync()
        except (DeviceError, OSError) as error:
            self._troubled(error)
            return
        if not self._refused:
            self._owing = False
            self._intake.commit()

    def replay(self) -> Generator[Burst]:
        """Yield from the position of the checkpoint what the journal holds; what brought it is recognised then.

        That may not be on disk yet: it was written, but the process was killed before it could be synced.
        """
        for position, entry in self.kept.replay(self.position):
            burst = self._intake.again(entry.readings, entry.now, tick=entry.tick)
            burst.position, burst.receipts = position, msgspec.convert(entry.note or [], list[Receipt])
            yield burst
        recognise: Callable[[Iterable[Receipt]], None] | None = getattr(self._intake.source, "recognise", None)
        if recognise is not None and self._receipts:
            recognise(self.remembered())
            self._owing = True
            self.make_last()

    def remembered(self) -> list[Receipt]:
        """Return the last messages that went through, as many as the source says that it has to know."""
        self._forget()
        return self._receipts.copy()

    def resume(self, position: int, receipts: Iterable[Receipt]) -> None:
        """Go on from a checkpoint."""
        self.position = position
        self._receipts += receipts
        self._forget()

    def trim(self, position: int) -> None:
        """Forget what is before a checkpoint."""
        self.journal.trim(position)
        self._asked_to_save = False

    def close(self) -> None:
        """Close the journal."""
        self.journal.close()

    def _forget(self) -> None:
        """Let go of what the source says that it need not know any more."""
        surplus = len(self._receipts) - int(getattr(self._intake.source, "memory", MEMORY))
        del self._receipts[: max(0, surplus)]
        self._most_receipts = len(self._receipts) + AT_ONCE

    def _without(self, burst: Burst, error: BaseException) -> bool:
        self._troubled(error)
        if isinstance(error, JournalFullError):
            self._save_soon()
        self._refused = self._intake.can_wait
        if self._refused:
            return False
        self.unkept += len(burst.readings)
        return True

    def _troubled(self, error: BaseException) -> None:
        if self.status.become("waiting", in_words(error)):
            log.warning("journal cannot be written", source=self._intake.use.id, reason=in_words(error))
