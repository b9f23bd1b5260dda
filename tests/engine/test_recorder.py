"""What is kept before a stage sees it comes back after a crash, and nothing is acknowledged before it is safe."""

import errno
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest
from tests.engine.kit import END, Feed, Shelf, intake, outlet, pipeline, readings

from gaugeway import Reading
from gaugeway.delivery.files import Files
from gaugeway.delivery.intake import IntakeJournal
from gaugeway.delivery.journal import Journal
from gaugeway.engine.burst import Burst, Receipt
from gaugeway.engine.intake import Intake
from gaugeway.engine.recorder import Counted, Journaled

SIZE: Final = 1024 * 1024


class Disk(Files):
    """A disk that takes nothing, or syncs nothing, for as long as it is told to."""

    full = False
    dying = False

    def write(self, file: int, parts: Iterable[bytes], offset: int) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write(file, list(parts), offset)

    def create(self, path: Path) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().create(path)

    def sync(self, file: int) -> None:
        if self.dying:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().sync(file)


class Mail(Feed):
    """A source whose sender keeps what is not acknowledged; messages are numbered as they are handed over."""

    memory = 3

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.fresh: list[Receipt] = []

    def commit(self) -> None:
        self.calls.append("commit")

    def news(self) -> list[Receipt]:
        news, self.fresh = self.fresh, []
        return news

    def recognise(self, receipts: Iterable[Receipt]) -> None:
        self.calls.append(f"recognise {list(receipts)}")


@contextmanager
def journaled(
    folder: Path,
    source: Feed,
    disk: Files | None = None,
    *,
    ticks: bool = False,
    sync_every: float = 3600,
    save_soon: Callable[[], None] = lambda: None,
) -> Generator[tuple[Journaled, Intake]]:
    """Open a recorder and close it again, as a process would that is killed: without a last sync."""
    into = intake(source)
    journal = Journal(folder / "journal", size=SIZE, files=disk)
    try:
        kept = IntakeJournal(journal)
        yield Journaled(kept, into, sync_every=sync_every, keeps_ticks=lambda: ticks, save_soon=save_soon), into
    finally:
        journal.close()


def burst(*values: float, now: float = 0.0, tick: bool = True, full: bool = False) -> Burst:
    return Burst(readings(*values), now, tick, full)


def worked_through(recorder: Journaled, *bursts: Burst) -> None:
    for one in bursts:
        assert recorder.keep(one)
        recorder.settle(one)


def replayed(recorder: Journaled) -> list[Burst]:
    """Return what comes back, worked through as the pipeline does."""
    found: list[Burst] = []
    for one in recorder.replay():
        recorder.settle(one)
        found.append(one)
    return found


def test_what_was_kept_after_the_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    """Readings, the stream's time and the ticks; what was kept and not worked through comes too."""
    with journaled(tmp_path, Feed(), ticks=True) as (recorder, _):
        worked_through(recorder, burst(1, 2, now=10.0))
        position = recorder.position
        worked_through(recorder, burst(3, now=11.0, tick=False), burst(now=12.0))
        recorder.keep(burst(4, now=13.0))
    with journaled(tmp_path, Feed()) as (recorder, _):
        recorder.resume(position, ())
        back = replayed(recorder)
        assert [([reading.value for reading in one.readings], one.now, one.tick) for one in back] == [
            ([3], 11.0, False),
            ([], 12.0, True),
            ([4], 13.0, True),
        ]
        assert recorder.position == back[-1].position
        worked_through(recorder, burst(5))
        assert recorder.position == recorder.journal.end


def test_a_stop_is_honoured_in_the_middle_of_a_replay(tmp_path: Path) -> None:
    """What was not worked through by then comes after the next start."""

    class Stopping(Shelf):
        def consume(self, stream: Iterable[Reading]) -> None:
            super().consume(stream)
            if len(self.batches) == 2:
                one.stopping.set()

    with journaled(tmp_path, Feed()) as (recorder, _):
        assert all(recorder.keep(burst(value)) for value in range(5))
    shelf = Stopping()
    one = pipeline(Feed(), sinks=[outlet(shelf)])
    with closing(Journal(tmp_path / "journal", size=SIZE)) as journal:
        one.recorder = Journaled(
            IntakeJournal(journal), one.intake, sync_every=3600, keeps_ticks=lambda: False, save_soon=lambda: None
        )
        one.recorder.resume(0, ())
        one.run()
    assert (shelf.values, one.status.state) == ([0, 1], "stopped")
    with journaled(tmp_path, Feed()) as (recorder, _):
        recorder.resume(one.recorder.position, ())
        assert [reading.value for back in replayed(recorder) for reading in back.readings] == [2, 3, 4]


def test_time_goes_on_from_what_comes_back(tmp_path: Path) -> None:
    """A clock that was set back meanwhile does not let the stream go back behind what its stages saw."""
    with journaled(tmp_path, Feed()) as (recorder, into):
        later = into.time.now() + 5000
        worked_through(recorder, burst(1, now=later))
    with journaled(tmp_path, Feed()) as (recorder, into):
        recorder.resume(0, ())
        replayed(recorder)
        assert into.time.now() >= later


def test_a_message_is_acknowledged_after_the_sync_of_its_record(tmp_path: Path) -> None:
    """When the sender waits; and if the sync fails, later."""
    source, disk = Mail(), Disk()
    with journaled(tmp_path, source, disk) as (recorder, _):
        disk.dying = True
        worked_through(recorder, burst(1, full=True))
        assert (source.calls, recorder.journal.synced) == ([], 0)
        disk.dying = False
        worked_through(recorder, burst(2), burst(3, full=True))
        assert (source.calls, recorder.journal.synced) == (["commit"], 3)


def test_after_a_restart_all_messages_are_recognised_that_may_come_again(tmp_path: Path) -> None:
    """Those of the checkpoint and those that were replayed, no more than the sender can have on the way."""
    source = Mail()
    with journaled(tmp_path, source) as (recorder, _):
        source.fresh = [1, 2]
        worked_through(recorder, burst(1))
        position, receipts = recorder.position, recorder.remembered()
        source.fresh = [3, 4]
        worked_through(recorder, burst(2))
    source = Mail()
    with journaled(tmp_path, source) as (recorder, _):
        recorder.resume(position, receipts)
        assert source.calls == []
        replayed(recorder)
        assert source.calls == ["recognise [2, 3, 4]", "commit"]
        assert recorder.remembered() == [2, 3, 4]


def test_what_was_written_and_not_synced_before_a_kill_is_not_acknowledged_before_it_is(tmp_path: Path) -> None:
    """A power cut after a crash would take it, and the sender would not have it any more."""
    source, disk = Mail(), Disk()
    with journaled(tmp_path, source) as (recorder, _):
        source.fresh = [1]
        worked_through(recorder, burst(1))
    disk.dying = True
    with journaled(tmp_path, source, disk) as (recorder, _):
        recorder.resume(0, ())
        replayed(recorder)
        assert source.calls == ["recognise [1]"]
        disk.dying = False
        worked_through(recorder, burst(full=True))
        assert source.calls == ["recognise [1]", "commit"]


def test_a_checkpoint_is_asked_for_before_the_journal_is_full(tmp_path: Path) -> None:
    """Once, until there is one; and again by every burst that the journal does not take any more."""
    asked: list[int] = []
    with journaled(tmp_path, Mail(), save_soon=lambda: asked.append(recorder.journal.used)) as (recorder, _):
        while recorder.keep(burst(*range(100))):
            recorder.settle(burst())
        assert SIZE / 2 < asked[0] < SIZE * 0.6
        assert len(asked) == 2
        assert not recorder.keep(burst(*range(100)))
        assert len(asked) == 3
        recorder.trim(recorder.journal.end)
        while len(asked) == 3:
            worked_through(recorder, burst(*range(100)))
        assert SIZE / 2 < asked[3] < SIZE * 0.6


def test_what_a_full_disk_did_not_take_is_not_acknowledged_at_the_stop(tmp_path: Path) -> None:
    """The source has given it, the journal has not kept it: the sender is to send it again."""
    source, disk = Mail(), Disk()
    with journaled(tmp_path, source, disk) as (recorder, _):
        worked_through(recorder, burst(1))
        disk.full = True
        waiting = burst(2)
        assert not recorder.keep(waiting)
        recorder.make_last()
        assert source.calls == []
        disk.full = False
        worked_through(recorder, waiting)
        recorder.make_last()
        assert source.calls == ["commit"]


def test_a_device_does_not_wait_for_a_full_disk(tmp_path: Path) -> None:
    """What it sends goes on, is counted, and is what a crash would cost."""
    disk = Disk()
    with journaled(tmp_path, Feed(), disk) as (recorder, _):
        disk.full = True
        worked_through(recorder, burst(1, 2))
        assert (recorder.unkept, recorder.status.state) == (2, "waiting")
        disk.full = False
        worked_through(recorder, burst(3))
        assert (recorder.unkept, recorder.status.state) == (2, "running")


def test_without_a_checkpoint_nothing_comes_back(tmp_path: Path) -> None:
    """Nobody knows what of it was worked through; positions go on behind it."""
    with journaled(tmp_path, Feed()) as (recorder, _):
        worked_through(recorder, burst(1))
    with journaled(tmp_path, Feed()) as (recorder, _):
        assert replayed(recorder) == []
        worked_through(recorder, burst(2))
        assert recorder.position == 2


@pytest.mark.parametrize("left_out", [0, 2])
def test_recorded_data_is_counted_with_what_was_left_out(left_out: int) -> None:
    """Rows that were no readings are passed over again too."""
    into = intake(Feed())
    recorder = Counted(into, "rows")
    recorder.settle(Burst([Reading("a", 1.0)], 0.0, items=1 + left_out))
    assert recorder.position == 1 + left_out
    again = Counted(into, "rows")
    again.resume(recorder.position, ())
    assert (into.skip, again.position) == (1 + left_out, 1 + left_out)


def test_a_recording_that_was_read_further_than_it_goes_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    """Another file may be there under its name: then what is in it is not read, and nobody would know why."""
    caplog.set_level("INFO")
    source = Feed(*readings(1, 2), END)
    vars(source)["live"] = False
    into = intake(source)
    Counted(into, "rows").resume(3, ())
    assert not [burst.readings for burst in into.bursts() if burst.readings]
    first, second = (record.message for record in caplog.records)
    assert first == "goes on behind what was read before"
    assert second.endswith("is it another file?")


def test_a_recording_is_told_how_much_of_it_is_passed_over() -> None:
    """One that comes in the rhythm of its times need not take its time over that."""

    class Told(Feed):
        live = False
        known = 0

        def pass_over(self, count: int) -> None:
            self.known = count

    source = Told(*readings(1, 2, 3), END)
    into = intake(source)
    Counted(into, "rows").resume(2, ())
    assert [reading.value for burst in into.bursts() for reading in burst.readings] == [3]
    assert source.known == 2
