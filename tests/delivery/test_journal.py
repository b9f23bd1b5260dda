"""The journal on real files: what it promises when nothing goes wrong, and what damage costs."""

import errno
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from gaugeway.delivery.files import BLOCK, Files
from gaugeway.delivery.frame import HEADER_SIZE, LENGTH_SIZE, content, prefix
from gaugeway.delivery.journal import Journal, JournalFullError

SIZE = 1024 * 1024
FRAME = HEADER_SIZE + 2 * LENGTH_SIZE + 2 * len(b"record 00")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def small(folder: Path, *, files: Files | None = None) -> Journal:
    """A journal of a few small segments."""
    return Journal(folder, size=SIZE, segment_size=160, files=files)


def fill(folder: Path, frames: int = 6) -> list[bytes]:
    """Write frames of two records each, in several segments; return all records."""
    records = [b"record %02d" % number for number in range(2 * frames)]
    with small(folder) as journal:
        for start in range(0, len(records), 2):
            journal.append(records[start : start + 2])
    return records


def segments(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_records_come_back_in_order_with_their_positions(folder: Path) -> None:
    """What was appended is read from any position on, also after closing and opening again."""
    records = fill(folder)
    with small(folder) as journal:
        assert list(journal.read(0)) == list(enumerate(records))
        assert list(journal.read(7)) == list(enumerate(records))[7:]
        assert (journal.start, journal.end) == (0, len(records))


def test_a_file_that_somebody_removes_is_left_for_a_new_one(folder: Path) -> None:
    """From the next trim on, everything outlasts the process again, with the numbers that it would have had."""
    with Journal(folder, size=SIZE) as journal:
        journal.append([b"a", b"b"])
        shutil.rmtree(folder)
        journal.append([b"c"])
        journal.trim(2)
        assert journal.append([b"d"]) == 4
        journal.sync()
        with Journal(folder, size=SIZE) as after:
            assert list(after.read(0)) == [(3, b"d")]
            assert after.end == 4
        journal.trim(4)
        assert len(segments(folder)) == 1


def test_append_returns_the_position_behind_its_records(folder: Path) -> None:
    """Positions count records and go on after a restart, a trim and an empty append."""
    with Journal(folder, size=SIZE) as journal:
        assert journal.append([b"a", b"", b"c"]) == 3
        assert journal.append([]) == 3
        journal.trim(3)
    with Journal(folder, size=SIZE) as journal:
        assert journal.append([b"d"]) == 4


def test_positions_go_on_from_the_floor_if_the_files_are_gone(folder: Path) -> None:
    """A folder that somebody emptied does not give out numbers that a checkpoint already knows."""
    fill(folder)
    for path in segments(folder):
        path.unlink()
    with Journal(folder, size=SIZE, floor=12) as journal:
        assert journal.append([b"new"]) == 13
        assert list(journal.read(0)) == [(12, b"new")]


def test_a_reader_follows_what_is_appended(folder: Path) -> None:
    """A reader that came to the end goes on when there is more, across segments, and opens one file at a time."""
    with small(folder) as journal, journal.reader(0) as reader:
        assert reader.take(10) == []
        for number in range(20):
            journal.append([b"x" * 40, b"%d" % number])
            assert reader.take(10) == [(2 * number, b"x" * 40), (2 * number + 1, b"%d" % number)]
        assert len(segments(folder)) > 3


def test_a_reader_takes_what_it_was_asked_for(folder: Path) -> None:
    """The limit cuts through frames, and nothing is taken twice or left out."""
    records = fill(folder)
    with small(folder) as journal, journal.reader(0) as reader:
        taken = [record for _ in range(5) for _, record in reader.take(3)]
    assert taken == records


def test_trimmed_segments_are_removed_and_the_last_one_stays(folder: Path) -> None:
    """Trimming frees the disk but never forgets the number of the next record."""
    records = fill(folder)
    with small(folder) as journal:
        before = journal.used
        journal.trim(len(records))
        assert len(segments(folder)) == 1
        assert journal.used < before
        assert list(journal.read(0)) == []
    with small(folder) as journal:
        assert journal.end == len(records)


def test_a_cut_takes_back_what_stands_behind_it(folder: Path) -> None:
    """After a cut in the middle of a frame the numbers go on from there, now and after a restart."""
    records = fill(folder)
    with small(folder) as journal:
        journal.cut(5)
        assert journal.append([b"other"]) == 6
    with small(folder) as journal:
        assert [record for _, record in journal.read(0)] == [*records[:5], b"other"]


def test_a_full_journal_says_so_and_keeps_what_it_has(folder: Path) -> None:
    """Neither the bytes in use nor the files on disk ever exceed the size; an append is taken whole or not at all."""
    with Journal(folder, size=64 * 1024) as journal:
        batch = [b"x" * 100] * 10
        while journal.used + 10 * 200 + BLOCK < journal.size:
            journal.append(batch)
        with pytest.raises(JournalFullError, match="is full"):
            journal.append([b"x" * 100] * 100)
        kept = journal.end
        assert kept % 10 == 0
        assert sum(1 for _ in journal.read(0)) == kept
        assert journal.used <= 64 * 1024
        on_disk = sum(path.stat().st_blocks * 512 for path in segments(folder))
        assert on_disk <= 64 * 1024


def test_dropping_the_oldest_makes_room_and_tells_exactly_what_it_cost(folder: Path) -> None:
    """A journal of one megabyte can be kept full for ever; what is dropped and what is kept add up."""
    dropped = 0
    with Journal(folder, size=SIZE) as journal:
        for number in range(400):
            while True:
                try:
                    journal.append([b"%06d" % number + b"x" * 1000] * 10)
                    break
                except JournalFullError:
                    dropped += journal.drop_oldest(1)
        kept = list(journal.read(0))
    assert dropped + len(kept) == 4000
    assert kept[0][0] == dropped
    assert len(kept) > 900


def test_all_can_be_dropped(folder: Path) -> None:
    """Also the segment that is being written; the numbers go on."""
    fill(folder)
    with small(folder) as journal:
        assert journal.drop_oldest(SIZE) == 12
        assert journal.used == BLOCK
        assert journal.append([b"next"]) == 13


def test_a_record_larger_than_a_segment_is_kept(folder: Path) -> None:
    """The size of segments is no limit for a record."""
    large = os.urandom(300_000)
    with small(folder) as journal:
        journal.append([b"before", large, b"after"])
        assert [record for _, record in journal.read(0)] == [b"before", large, b"after"]


@pytest.mark.parametrize("where", range(3))
def test_a_byte_that_flips_costs_at_most_its_frame(folder: Path, where: int) -> None:
    """Whichever byte of whichever segment it is: nothing false is read, all other frames are, the loss is counted."""
    records = fill(folder)
    path = segments(folder)[where]
    sound = path.read_bytes()
    for offset in range(len(sound)):
        path.write_bytes(sound[:offset] + bytes([sound[offset] ^ 0x55]) + sound[offset + 1 :])
        with small(folder) as journal:
            found = dict(journal.read(0))
            assert found.items() <= dict(enumerate(records)).items()
            assert len(found) == len(records) - 2
            lost_bytes, lost_records = journal.lost
            assert lost_bytes == FRAME
            assert lost_records == (2 if max(found) == 11 else 0), "what was at the very end cannot be known"


@pytest.mark.parametrize("where", range(3))
def test_a_segment_cut_short_costs_what_was_cut(folder: Path, where: int) -> None:
    """At whichever byte it ends: whole frames before are read, and so are all other segments."""
    records = fill(folder)
    path = segments(folder)[where]
    sound = path.read_bytes()
    for length in range(len(sound)):
        path.write_bytes(sound[:length])
        with small(folder) as journal:
            found = dict(journal.read(0))
            assert found.items() <= dict(enumerate(records)).items()
            assert len(found) == len(records) - 2 * (len(sound) // FRAME - length // FRAME)
            assert journal.lost[0] == length % FRAME


def test_appending_goes_on_behind_a_torn_end(folder: Path) -> None:
    """A new process leaves the torn file alone and writes to a new one; both are read as one."""
    records = fill(folder)
    last = segments(folder)[-1]
    last.write_bytes(last.read_bytes()[:-1])
    with small(folder) as journal:
        assert journal.end == len(records) - 2
        journal.append([b"new"])
        assert [record for _, record in journal.read(0)] == [*records[:-2], b"new"]


def rename_to_newer(path: Path) -> None:
    path.rename(path.with_suffix(".v2"))


SPOILS: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "noise": lambda path: path.write_bytes(os.urandom(500)),
    "zeros": lambda path: path.write_bytes(bytes(500)),
    "missing": Path.unlink,
    "newer version": rename_to_newer,
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoiled_segment_is_stepped_over(folder: Path, spoil: str) -> None:
    """Its records are missing and counted; everything else is read, and it goes when it is trimmed."""
    records = fill(folder)
    SPOILS[spoil](segments(folder)[1])
    with small(folder) as journal:
        assert dict(journal.read(0)) == {n: record for n, record in enumerate(records) if n not in range(4, 8)}
        assert journal.lost[1] == 4
        journal.append([b"new"])
        journal.trim(journal.end)
        assert len(segments(folder)) == 1


def test_strange_files_and_folders_are_left_alone(folder: Path) -> None:
    """What is no segment does not disturb."""
    records = fill(folder)
    (folder / "notes.txt").write_text("mine")
    (folder / "0000000009-00000000000000000000-0000000000000000.v1").mkdir()
    with small(folder) as journal:
        assert [record for _, record in journal.read(0)] == records
    assert (folder / "notes.txt").read_text() == "mine"


def test_what_a_device_sends_never_passes_for_a_frame(folder: Path) -> None:
    """A record that holds a whole frame of another journal is not read as one when its own frame is damaged."""
    trap = content(1, [b"trap"])
    with small(folder) as journal:
        journal.append([prefix(b"\0" * 8, trap) + trap])
        journal.append([b"good"])
    path = segments(folder)[0]
    sound = path.read_bytes()
    path.write_bytes(sound[:12] + b"\xff" + sound[13:])
    with small(folder) as journal:
        assert list(journal.read(0)) == [(1, b"good")]
        assert journal.lost[1] == 1


class Forgetful(Files):
    """A disk that reports an error once and has then forgotten what it was to write."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.synced: list[int] = []

    def sync(self, file: int) -> None:
        if self.times:
            self.times -= 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self.synced.append(os.fstat(file).st_ino)
        super().sync(file)


def test_a_failed_sync_is_not_believed_to_succeed_the_next_time(folder: Path) -> None:
    """What was in doubt is written to a new file, and that one is synced."""
    files = Forgetful(1)
    with Journal(folder, size=SIZE, files=files) as journal:
        journal.append([b"a", b"b"])
        (doubtful,) = (path.stat().st_ino for path in segments(folder))
        assert journal.sync() == 2
        assert doubtful not in files.synced
        assert len(files.synced) == 1
        assert journal.failed_syncs == 1
        assert [record for _, record in journal.read(0)] == [b"a", b"b"]


def test_doubt_lasts_until_the_records_are_written_again(folder: Path) -> None:
    """If the second try fails as well the caller is told, and a later sync does not trust the old file either."""
    files = Forgetful(2)
    with Journal(folder, size=SIZE, files=files) as journal:
        journal.append([b"a"])
        (doubtful,) = (path.stat().st_ino for path in segments(folder))
        with pytest.raises(OSError, match="Input/output"):
            journal.sync()
        assert journal.synced == 0
        journal.append([b"b"])
        assert journal.sync() == 2
        assert doubtful not in files.synced
    with Journal(folder, size=SIZE) as journal:
        assert [record for _, record in journal.read(0)] == [b"a", b"b"]


class DiesError(Exception):
    """The process ends here."""


class Dying(Forgetful):
    """A process that is killed while it mends a failed sync."""

    def sync(self, file: int) -> None:
        if not self.times:
            raise DiesError
        super().sync(file)


def test_doubt_outlasts_the_process(folder: Path) -> None:
    """Killed while the records are written again, the next process does not trust the old file either."""
    with Journal(folder, size=SIZE, files=Dying(1)) as journal:
        journal.append([b"a", b"b"])
        (doubtful,) = (path.stat().st_ino for path in segments(folder))
        with pytest.raises(DiesError):
            journal.sync()
    files = Forgetful(0)
    with Journal(folder, size=SIZE, files=files) as journal:
        assert [record for _, record in journal.read(0)] == [b"a", b"b"]
        assert journal.sync() == 2
        assert doubtful not in files.synced
        assert [record for _, record in journal.read(0)] == [b"a", b"b"]
    assert not [path for path in segments(folder) if path.suffix == ".new"]


class Full(Files):
    """A disk that is full after a number of bytes."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, file: int, parts: Sequence[bytes], offset: int) -> None:
        data = b"".join(parts)
        super().write(file, [data[: self.room]], offset)
        if len(data) > self.room:
            self.room = 0
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.room -= len(data)


@pytest.mark.parametrize("room", [0, 1, 40, 60, 85])
def test_a_full_disk_takes_nothing_or_all(folder: Path, room: int) -> None:
    """A part that was written is taken back; what was there is read, and appending works again with space."""
    files = Full(room)
    with Journal(folder, size=SIZE, files=files) as journal:
        kept: list[bytes] = []
        for record in (b"first record", b"second record", b"third record"):
            with suppress(OSError):
                journal.append([record])
                kept.append(record)
        files.room = SIZE
        journal.append([b"at last"])
        kept.append(b"at last")
        assert [record for _, record in journal.read(0)] == kept
    with Journal(folder, size=SIZE) as journal:
        assert [record for _, record in journal.read(0)] == kept
        assert journal.lost == (0, 0)


def test_a_block_that_cannot_be_read_costs_its_frames(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad block on the card reads as damage, not as an error that stops everything."""
    records = [b"%04d" % number + b"x" * 1000 for number in range(40)]
    with Journal(folder, size=SIZE) as journal:
        for record in records:
            journal.append([record])
    bad = range(2 * BLOCK, 3 * BLOCK)
    pread = os.pread

    def reads(file: int, count: int, offset: int) -> bytes:
        if offset < bad.stop and bad.start < offset + count:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return pread(file, count, offset)

    monkeypatch.setattr(os, "pread", reads)
    with Journal(folder, size=SIZE) as journal:
        found = [record for _, record in journal.read(0)]
    assert set(found) < set(records)
    assert len(found) >= len(records) - 6


def test_it_counts_what_it_costs_the_card(folder: Path) -> None:
    """Bytes written are those of the files; a sync with nothing new does not touch the disk."""
    with small(folder) as journal:
        journal.append([b"x" * 100])
        journal.sync()
        syncs = journal.syncs
        assert syncs == 2
        assert journal.sync() == 1
        assert journal.syncs == syncs
        assert journal.bytes_written == sum(path.stat().st_size for path in segments(folder))


def test_one_thread_reads_and_trims_what_another_appends_and_syncs(folder: Path) -> None:
    """Every record arrives once and in order, while segments come and go."""
    count = 20_000
    taken: list[bytes] = []

    def consume(journal: Journal) -> None:
        with journal.reader(0) as reader:
            while len(taken) < count:
                batch = reader.take(64)
                taken.extend(record for _, record in batch)
                if batch:
                    journal.trim(reader.position)
                else:
                    arrived.wait(10)
                    arrived.clear()

    arrived = threading.Event()
    with Journal(folder, size=SIZE, segment_size=4000) as journal:
        consumer = threading.Thread(target=consume, args=(journal,))
        consumer.start()
        for start in range(0, count, 50):
            batch = [b"%d" % number for number in range(start, start + 50)]
            journal.append(batch)
            if start % 2000 == 0:
                journal.sync()
            arrived.set()
        consumer.join(30)
        assert taken == [b"%d" % number for number in range(count)]
        assert len(segments(folder)) < 5
