"""After a crash everything goes back to one and the same moment, and nothing is taken back that will not come again."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec
import pytest
from tests.engine.kit import END, Fed, Feed, plan, readings, registry
from tests.service import works
from tests.support.waiting import until

from gaugeway import Reading, Urgent
from gaugeway.engine.recorder import Journaled
from gaugeway.plan import PipelinePlan, Plan, SinkUse, SourceUse, StageUse, Storage
from gaugeway.registry import Registry
from gaugeway.service.gateway import Gateway
from gaugeway_sinks.file import File
from gaugeway_stages.average import Average


class Recorded(Fed):
    """A source of recorded data; the label stands for the name of the file."""

    live = False

    def __init__(self, *, feed: Feed, label: str = "") -> None:
        super().__init__(feed=feed)
        self.label = label


class Mail(Fed):
    """A source whose sender keeps what is not acknowledged."""

    def commit(self) -> None:
        pass


REGISTRY: Registry = registry(
    fed=("source", Fed), recorded=("source", Recorded), file=("sink", File), average=("stage", Average)
)
NEVER: Final = 3600.0
STATE: Final = Path("state")


def gateway_plan(folder: Path, *sources: SourceUse, journal: bool = True) -> Plan:
    """Return a plan that writes values and averages to `out.jsonl`, and takes checkpoints only when it is told to."""
    average = StageUse(type="average", id="average", options={"last": 2})
    made = plan(
        folder,
        *(PipelinePlan(source=source, stages=(average,)) for source in sources),
        sinks=[SinkUse(type="file", id="out", options={"path": folder / "out.jsonl"})],
    )
    storage = Storage(dir=folder / "state", checkpoint_every=NEVER, journal=journal)
    return msgspec.structs.replace(made, storage=storage)


def live(feed: Feed, name: str = "src") -> SourceUse:
    return SourceUse(type="fed", id=name, options={"feed": feed})


def recorded(feed: Feed, label: str = "january") -> SourceUse:
    return SourceUse(type="recorded", id="history", options={"feed": feed, "label": label})


def started(made: Plan, known: Registry = REGISTRY) -> AbstractContextManager[Gateway]:
    return works.started(made, known)


def written(folder: Path, what: str = "value") -> list[float]:
    file = folder / "out.jsonl"
    return [msgspec.json.decode(line)[what] for line in file.read_bytes().splitlines()] if file.exists() else []


def has_written(folder: Path, count: int) -> None:
    until(lambda: len(written(folder)) == count)


def take(gateway: Gateway) -> None:
    assert gateway.checkpoints is not None
    assert gateway.checkpoints.take()


@contextmanager
def killed(made: Plan) -> Generator[Gateway]:
    """Run a gateway, and leave its folder as it would be if it had been killed at the end of the block."""
    folder = made.file.parent
    after = folder.with_name("after")
    with started(made) as gateway:
        yield gateway
        shutil.copytree(folder, after, ignore=shutil.ignore_patterns("lock"))
    shutil.rmtree(folder)
    after.rename(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that can be put aside."""
    folder = tmp_path / "gateway"
    folder.mkdir()
    return folder


def crash_behind_a_checkpoint(folder: Path) -> None:
    """Have a gateway killed that has two readings behind its last checkpoint, of four."""
    feed = Feed()
    with killed(gateway_plan(folder, live(feed))) as gateway:
        feed.say(*readings(1, 2))
        has_written(folder, 2)
        take(gateway)
        feed.say(*readings(4, 8))
        has_written(folder, 4)


def test_a_crash_leads_back_to_the_checkpoint_and_forward_again(folder: Path) -> None:
    """File, averages and position are those of one moment; what came after it is worked through again."""
    crash_behind_a_checkpoint(folder)
    with started(gateway_plan(folder, live(Feed(*readings(16))))):
        has_written(folder, 5)
    assert written(folder, "average") == [1, 1.5, 3, 6, 12]


def test_where_positions_are_damaged_nothing_is_taken_back(folder: Path) -> None:
    """What would be cut off the file might not come again; the state of stages is still good."""
    crash_behind_a_checkpoint(folder)
    with closing(sqlite3.connect(folder / "state" / "state.db")) as database, database:
        database.execute("UPDATE parts SET data = x'00' WHERE name = 'positions'")
    with started(gateway_plan(folder, live(Feed(*readings(16))))):
        has_written(folder, 5)
    assert written(folder) == [1, 2, 4, 8, 16]


def test_a_journal_from_another_time_is_not_replayed(folder: Path) -> None:
    """It was switched off and on again: what stands in it was worked through long ago."""
    feed = Feed()
    with killed(gateway_plan(folder, live(feed))):
        feed.say(*readings(1, 2))
        has_written(folder, 2)
    feed = Feed()
    with killed(gateway_plan(folder, live(feed), journal=False)) as gateway:
        feed.say(*readings(4))
        has_written(folder, 3)
        take(gateway)
        feed.say(*readings(8))
        has_written(folder, 4)
    with started(gateway_plan(folder, live(Feed(*readings(16))))):
        has_written(folder, 5)
    assert written(folder) == [1, 2, 4, 8, 16]


def test_a_source_that_is_renamed_after_a_crash_is_told_of(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its journal belongs to no pipeline any more: nobody knows by which stages it should go. It stays on the disk."""
    feed = Feed()
    with killed(gateway_plan(folder, live(feed))) as gateway:
        feed.say(*readings(1, 2))
        has_written(folder, 2)
        take(gateway)
        feed.say(*readings(4, 8, 16))
        has_written(folder, 5)
    with started(gateway_plan(folder, live(Feed(*readings(32)), "other"))):
        has_written(folder, 3)
    assert written(folder) == [1, 2, 32]
    (told,) = (record for record in caplog.records if "source is gone" in record.message)
    assert told.__dict__["facts"] == {"source": "src", "count": 3}


def test_recorded_data_goes_on_at_the_row_where_it_was(folder: Path) -> None:
    """It can be read again, so nothing of it is journaled, and the rows before are passed over."""
    rows = readings(1, 2, 4, 8, 16)
    feed = Feed(*rows[:3])
    with killed(gateway_plan(folder, recorded(feed))) as gateway:
        has_written(folder, 3)
        take(gateway)
        feed.say(rows[3])
        has_written(folder, 4)
    with started(gateway_plan(folder, recorded(Feed(*rows, END)))) as gateway:
        until(lambda: not gateway.alive)
    assert written(folder, "average") == [1, 1.5, 3, 6, 12]


def test_another_file_is_read_from_its_beginning(folder: Path) -> None:
    """Its rows have nothing to do with those that were counted."""
    with killed(gateway_plan(folder, recorded(Feed(*readings(1, 2))))) as gateway:
        has_written(folder, 2)
        take(gateway)
    with started(gateway_plan(folder, recorded(Feed(*readings(4, 8, 16), END), "february"))) as gateway:
        until(lambda: not gateway.alive)
    assert written(folder) == [1, 2, 4, 8, 16]


def test_what_was_read_to_its_end_is_not_read_again_while_others_run(folder: Path) -> None:
    """A crash of the gateway does not double it; once all have ended, the next run begins anew."""
    rows = readings(1, 2, sensor="recorded")
    feed = Feed()
    with killed(gateway_plan(folder, recorded(Feed(*rows, END)), live(feed))) as gateway:
        has_written(folder, 2)
        until(lambda: gateway.pipelines[0].status.state == "ended")
        take(gateway)
        feed.say(*readings(4))
        has_written(folder, 3)
    with started(gateway_plan(folder, recorded(Feed(*rows, END)), live(Feed(*readings(8), END)))) as gateway:
        until(lambda: not gateway.alive)
    assert written(folder) == [1, 2, 4, 8]
    with started(gateway_plan(folder, recorded(Feed(*rows, END)))) as gateway:
        until(lambda: not gateway.alive)
    assert written(folder) == [1, 2, 4, 8, 1, 2]


def test_no_checkpoint_is_taken_of_what_is_being_exchanged(folder: Path) -> None:
    """A reload puts it off, takes one itself, and only then is it the turn of others."""
    with started(gateway_plan(folder, live(Feed()))) as gateway:
        checkpoints = gateway.checkpoints
        assert checkpoints is not None
        other = threading.Thread(target=checkpoints.take)
        with checkpoints.put_off():
            other.start()
            assert checkpoints.take()
            assert checkpoints.taken == 2
        other.join()
        assert checkpoints.taken == 3


def test_after_a_reload_a_crash_leads_back_to_the_new_plan(folder: Path) -> None:
    """Not to a checkpoint that knows nothing of its sources."""
    feed, fresh = Feed(), Feed()
    with killed(gateway_plan(folder, live(feed))) as gateway:
        feed.say(*readings(1))
        has_written(folder, 1)
        gateway.reload(gateway_plan(folder, live(feed), live(fresh, "fresh")), REGISTRY)
        fresh.say(*readings(2, sensor="b"))
        has_written(folder, 2)
    with started(gateway_plan(folder, live(Feed()), live(Feed(*readings(4, sensor="b")), "fresh"))):
        has_written(folder, 3)
    assert written(folder, "average") == [1, 2, 3]


def test_little_is_worked_through_again_and_not_saved_every_half_minute(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody says how often: half a minute after much has come, and five minutes after little."""
    feed = Feed()
    made = gateway_plan(folder, live(feed))
    usual = msgspec.structs.replace(made.storage, checkpoint_every=None)
    with started(msgspec.structs.replace(made, storage=usual)) as gateway:
        feed.say(*readings(1, 2))
        has_written(folder, 2)
        checkpoints = gateway.checkpoints
        assert checkpoints is not None
        until(lambda: checkpoints.moved > 0)
        much, little = 0.1, 1_000_000.0
        for quick, ago, due in (
            (little, 31, False),
            (little, 299, False),
            (little, 301, True),
            (much, 29, False),
            (much, 31, True),
        ):
            monkeypatch.setattr("gaugeway.plan.QUICKLY_REPEATED", quick)
            checkpoints.taken_at = time.monotonic() - ago
            assert checkpoints.due is due, (quick, ago)


@pytest.mark.parametrize(
    ("storage", "rate", "apart"),
    [
        (Storage(dir=STATE), 0.0, 300.0),
        (Storage(dir=STATE), 1.0, 300.0),
        (Storage(dir=STATE), 50.0, 100.0),
        (Storage(dir=STATE), 1000.0, 30.0),
        (Storage(dir=STATE, journal=False), 0.0, 30.0),
        (Storage(dir=STATE, checkpoint_every=45.0), 0.0, 45.0),
    ],
)
def test_how_far_checkpoints_are_apart(storage: Storage, rate: float, apart: float) -> None:
    """As said; else as much as a restart repeats in a moment, and without a journal little."""
    assert storage.apart(rate) == apart


def test_a_full_journal_does_not_wait_until_the_next_checkpoint_is_due(folder: Path) -> None:
    """One is taken at once, and makes room; a sender that waits is not kept waiting."""
    made = gateway_plan(folder, SourceUse(type="mail", id="src", options={"feed": Feed(*readings(*range(60_000)))}))
    small = msgspec.structs.replace(made.storage, journal_size=1 << 20)
    known = registry(mail=("source", Mail), file=("sink", File), average=("stage", Average))
    file = folder / "out.jsonl"
    with started(msgspec.structs.replace(made, storage=small), known):
        until(lambda: file.exists() and file.read_bytes().count(b"\n") == 60_000)


class Phone:
    """Looks, whenever an alarm is sent, whether its cause is on disk."""

    def __init__(self) -> None:
        self.on_disk: Callable[[], bool] = lambda: False
        self.sent: list[bool] = []


class Alarm:
    """Makes an alarm of every reading."""

    def __init__(self, *, phone: Phone) -> None:
        self.phone = phone

    def consume(self, stream: Iterable[Reading]) -> Sequence[bytes]:
        return [Urgent(reading.sensor.encode()) for reading in stream]

    def deliver(self, messages: Sequence[bytes]) -> None:
        self.phone.sent += [self.phone.on_disk() for _ in messages]


def test_the_reading_that_raised_an_alarm_is_on_disk_before_the_alarm_is_sent(folder: Path) -> None:
    """However long `sync_every` is: after a power cut no alarm is left without its cause."""
    feed, phone = Feed(), Phone()
    made = msgspec.structs.replace(
        plan(
            folder, PipelinePlan(source=live(feed)), sinks=[SinkUse(type="alarm", id="phone", options={"phone": phone})]
        ),
        storage=Storage(dir=folder / "state", checkpoint_every=NEVER, sync_every=NEVER),
    )
    known = registry(fed=("source", Fed), alarm=("sink", Alarm))
    with started(made, known) as gateway:
        recorder = gateway.pipelines[0].recorder
        assert isinstance(recorder, Journaled)
        journal = recorder.journal
        phone.on_disk = lambda: 0 < journal.synced == journal.end
        feed.say(*readings(1))
        until(lambda: bool(phone.sent))
    assert phone.sent == [True]
