"""The journal on real files: what it promises when nothing goes wrong."""

import os
import shutil
import threading
from pathlib import Path

import pytest
from tests.delivery.filled import SIZE, fill, segments, small

from gaugeway.delivery.files import BLOCK
from gaugeway.delivery.journal import Journal, JournalFullError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


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
