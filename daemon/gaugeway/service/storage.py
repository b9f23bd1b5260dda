"""The state folder of a gateway: its lock, the store of checkpoints, the journals and the outboxes."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path, PurePath
from typing import Final
from zlib import crc32

import msgspec

from gaugeway.delivery.intake import IntakeJournal
from gaugeway.delivery.journal import Journal
from gaugeway.delivery.lock import Lock
from gaugeway.delivery.outbox import Outbox
from gaugeway.delivery.reserve import Reserve
from gaugeway.delivery.sender import Deliver
from gaugeway.delivery.store import Store
from gaugeway.engine.outlet import Outlet
from gaugeway.engine.pipeline import Pipeline
from gaugeway.engine.recorder import Counted, Journaled, Recorder, Unrecorded
from gaugeway.plan import SourceUse
from gaugeway.plan import Storage as StoragePlan

LONGEST: Final = 100


class Storage:
    """Opened when the gateway starts, closed when it stops. Two gateways never share one."""

    def __init__(self, plan: StoragePlan) -> None:
        self.plan = plan
        self.folder = plan.dir
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as opened:
            opened.enter_context(Lock(self.folder))
            self.reserve = Reserve(self.folder / "reserve")
            self.store = Store(self.folder / "state.db", self.reserve)
            self.reserve.refill()
            self._open = opened.pop_all()

    def recorder(self, pipeline: Pipeline, floor: int) -> Recorder:
        """Return what keeps the bursts of a pipeline, with positions from `floor` on."""
        intake = pipeline.intake
        if not intake.site.clock.live:
            return Counted(intake, _rows_of(intake.use))
        if not self.plan.journal:
            return Unrecorded(intake)
        intake.wall.settings.keep_in(self.folder / "clock" / f"{_safe(pipeline.name)}.json")
        journal = Journal(self.folder / "intake" / _safe(pipeline.name), size=self.plan.journal_size, floor=floor)
        kept = IntakeJournal(journal, self.reserve)
        return Journaled(
            kept,
            intake,
            sync_every=self.plan.sync_every,
            keeps_ticks=lambda: pipeline.minds_ticks,
            save_soon=pipeline.save_soon,
        )

    def left_over(self, pipeline: str, position: int) -> int:
        """Return how many readings the journal of a pipeline holds from a position on."""
        folder = self.folder / "intake" / _safe(pipeline)
        if not folder.is_dir():
            return 0
        with Journal(folder, size=self.plan.journal_size) as journal:
            return sum(len(entry.readings) for _, entry in IntakeJournal(journal).replay(position))

    def guard(self, outlet: Outlet) -> Callable[[], None] | None:
        """Return what keeps a sink from filling up the room that was meant for the state and for alarms."""
        paths = (option for option in outlet.use.options.values() if isinstance(option, Path))
        path = next((path for path in paths if _disk(path) == _disk(self.folder)), None)
        return None if path is None else partial(self.reserve.keep_out, path)

    def outbox(self, outlet: Outlet, causes: Callable[[], None]) -> Outbox | None:
        """Return the outbox before a sink that delivers, not started yet; None for any other.

        `causes` makes last what urgent messages follow from.
        """
        deliver: Deliver | None = getattr(outlet.sink, "deliver", None)
        if deliver is None:
            return None
        folder = self.folder / "outbox" / _safe(outlet.use.id) if self.plan.journal else None
        return Outbox(
            deliver,
            name=outlet.use.id,
            folder=folder,
            buffer=outlet.use.buffer,
            retry=outlet.use.retry,
            reserve=self.reserve,
            causes=causes,
        )

    def close(self) -> None:
        """Let go of the folder."""
        self.store.close()
        self._open.close()


def _disk(path: Path) -> int:
    """Return what tells the disk on which a file is, or will be, from other disks."""
    while not path.exists():
        path = path.parent
    return path.stat().st_dev


def _rows_of(use: SourceUse) -> str:
    """Return what tells the rows of one file from those of another, or from the same ones read in another way."""
    options = msgspec.json.encode(use.options, enc_hook=_in_short, order="sorted")
    return f"rows {crc32(options, crc32(use.type.encode())):08x}"


def _in_short(option: object) -> str:
    return str(option) if isinstance(option, PurePath) else type(option).__name__


def _safe(name: str) -> str:
    """Return a name that is one plain file name, different for different names."""
    kept = "".join(
        character if character.isalnum() or character in "-_" else f"%{ord(character):x}" for character in name
    )
    return kept if len(kept) <= LONGEST else f"{kept[:LONGEST]}-{crc32(name.encode()):08x}"
