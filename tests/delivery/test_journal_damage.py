"""What a damaged, forgetful or full disk costs a journal, and no more."""

import errno
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from tests.delivery.filled import FRAME, SIZE, fill, segments, small

from gaugeway.delivery.files import BLOCK, Files
from gaugeway.delivery.frame import content, prefix
from gaugeway.delivery.journal import Journal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


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
