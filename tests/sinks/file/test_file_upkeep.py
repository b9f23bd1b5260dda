"""What happens to finished files: compressed, deleted, mended after a crash."""

import gzip
import threading
from pathlib import Path

import pytest

from gaugeway import Reading
from gaugeway_sinks.file import File
from gaugeway_sinks.file.retention import Keep, surplus
from gaugeway_sinks.file.rotation import Rotate
from gaugeway_sinks.file.shelf import Rotated, Shelf

DAY = 86400.0
START = 20_000 * DAY


def reading(day: float) -> Reading:
    return Reading("boiler", day, START + day * DAY)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_finished_files_are_compressed(tmp_path: Path) -> None:
    """Without positions nothing can be rolled back: finished files are compressed at once, byte for byte."""
    sink = File(path=tmp_path / "r.jsonl", rotate=Rotate(every=DAY))
    sink.consume([reading(0.0), reading(0.5)])
    first = (tmp_path / "r.jsonl").read_bytes()
    sink.consume([reading(1.0)])
    sink.close()
    assert names(tmp_path) == ["r-000001-20241004T000000Z.jsonl.gz", "r.jsonl"]
    assert gzip.decompress((tmp_path / "r-000001-20241004T000000Z.jsonl.gz").read_bytes()) == first


def test_what_can_be_rolled_back_is_left_alone(tmp_path: Path) -> None:
    """A file finished after the position before the last one is neither compressed nor deleted."""
    sink = File(path=tmp_path / "r.jsonl", rotate=Rotate(every=DAY), keep=Keep(files=1))
    for day in (0.0, 1.0, 2.0):
        sink.position()
        sink.consume([reading(day)])
    sink.position()
    sink.consume([reading(3.0), reading(4.0)])
    sink.close()
    assert names(tmp_path) == [
        "r-000001-20241004T000000Z.jsonl.gz",
        "r-000002-20241005T000000Z.jsonl",
        "r-000003-20241006T000000Z.jsonl",
        "r-000004-20241007T000000Z.jsonl",
        "r.jsonl",
    ]


def test_no_thread_stays_behind(tmp_path: Path) -> None:
    """`close` lets the upkeep come to its end and leaves no thread."""
    before = threading.active_count()
    sink = File(path=tmp_path / "r.jsonl", rotate=Rotate(every=DAY))
    for day in range(50):
        sink.consume([reading(day)])
    sink.close()
    assert threading.active_count() == before
    assert len(list(tmp_path.glob("r-*.gz"))) == len(list(tmp_path.glob("r-*"))) == 49


def test_leftovers_of_a_crash_are_mended(tmp_path: Path) -> None:
    """Half a compressed file goes, a whole one beside its plain form too, and what was missed is done."""
    (tmp_path / "r-000001-20241001T000000Z.jsonl").write_bytes(b"one\n")
    (tmp_path / "r-000001-20241001T000000Z.jsonl.gz").write_bytes(gzip.compress(b"one\n"))
    (tmp_path / "r-000002-20241002T000000Z.jsonl").write_bytes(b"two\n")
    (tmp_path / "r-000002-20241002T000000Z.jsonl.gz.part").write_bytes(b"half")
    (tmp_path / "r-000003-20241003T000000Z.jsonl.part").write_bytes(b"half")
    (tmp_path / "other.part").write_bytes(b"not ours")
    sink = File(path=tmp_path / "r.jsonl", rotate=Rotate(every=DAY))
    sink.consume([reading(0)])
    sink.close()
    assert names(tmp_path) == [
        "other.part",
        "r-000001-20241001T000000Z.jsonl.gz",
        "r-000002-20241002T000000Z.jsonl.gz",
        "r.jsonl",
    ]
    assert gzip.decompress((tmp_path / "r-000002-20241002T000000Z.jsonl.gz").read_bytes()) == b"two\n"


def test_the_plain_form_counts(tmp_path: Path) -> None:
    """Where both forms stand, as after a crash between two steps, the plain one is taken, however they are listed."""
    for number in range(1, 21):
        for suffix in ("", ".gz") if number % 2 else (".gz", ""):
            (tmp_path / f"r-{number:06d}-undated.jsonl{suffix}").touch()
    assert [(rotated.number, rotated.packed) for rotated in Shelf(tmp_path / "r.jsonl").files()] == [
        (number, False) for number in range(1, 21)
    ]


def test_compression_can_be_given_up_halfway(tmp_path: Path) -> None:
    """A stop in the middle leaves the plain file, and the half one is removed later."""
    shelf = Shelf(tmp_path / "r.jsonl")
    plain = tmp_path / "r-000001-undated.jsonl"
    plain.write_bytes(b"x" * 1_000_000)
    answers = iter([False, False, True])
    shelf.pack(shelf.files()[0], lambda: next(answers))
    assert names(tmp_path) == ["r-000001-undated.jsonl", "r-000001-undated.jsonl.gz.part"]
    shelf.tidy()
    assert names(tmp_path) == ["r-000001-undated.jsonl"]
    assert plain.stat().st_size == 1_000_000


def shelved(folder: Path, *days: float | None) -> list[Rotated]:
    """One file of 10 bytes a day; a day that is not known is None."""
    files: list[Rotated] = []
    for number, day in enumerate(days, 1):
        plain = folder / f"{number}"
        plain.write_bytes(b"x" * 10)
        files.append(Rotated(number, None if day is None else START + day * DAY, plain, packed=False))
    return files


@pytest.mark.parametrize(
    ("keep", "gone"),
    [
        (Keep(files=4), 0),
        (Keep(files=3), 1),
        (Keep(files=1), 3),
        (Keep(bytes=40), 0),
        (Keep(bytes=39), 1),
        (Keep(bytes=5), 4),
        (Keep(age=3 * DAY), 0),
        (Keep(age=2 * DAY), 1),
        (Keep(age=2 * DAY, files=1), 3),
        (Keep(age=1.0), 3),
    ],
)
def test_the_oldest_beyond_any_limit_go(tmp_path: Path, keep: Keep, gone: int) -> None:
    """Four files of one day each, the fifth is being written: whichever limit is passed first counts."""
    files = shelved(tmp_path, 0, 1, 2, 3)
    assert surplus(files, 5, keep, START + 4 * DAY) == files[:gone]


def test_what_is_not_settled_is_neither_counted_nor_deleted(tmp_path: Path) -> None:
    """Only files below the given number are looked at; when they ended is told by the ones after them."""
    files = shelved(tmp_path, 0, 1, 2, 3)
    assert surplus(files, 3, Keep(files=1), None) == files[:1]
    assert surplus(files, 3, Keep(files=2), None) == []
    assert surplus(files, 3, Keep(age=DAY), START + 4 * DAY) == files[:2]


def test_an_unknown_time_keeps_the_file(tmp_path: Path) -> None:
    """A file whose end is not known is not too old."""
    files = shelved(tmp_path, 0, None)
    assert surplus(files, 3, Keep(age=1.0), START + 100 * DAY) == []
    assert surplus(shelved(tmp_path, 0, 1), 3, Keep(age=1.0), None) == []
