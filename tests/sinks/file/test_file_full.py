"""A full disk: batches are written wholly or not at all, and it goes on by itself when there is room."""

import errno
import os
import resource
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.disks import small_disk

from gaugeway import Reading
from gaugeway_sinks.file import File
from gaugeway_sinks.file.rotation import Rotate


@contextmanager
def no_file_beyond(size: int) -> Generator[None, None, None]:
    """Let writes behind this size fail, the last one after a part of it was written, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def batch(*numbers: int, name: str = "t") -> list[Reading]:
    return [Reading(name, float(n), 1_728_000_000.0 + n) for n in numbers]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("rotate", [None, Rotate(size=100, compress=False)])
@pytest.mark.parametrize("name", ["r.jsonl", "r.csv"])
def test_a_batch_that_does_not_fit_leaves_nothing(tmp_path: Path, rotate: Rotate | None, name: str) -> None:
    """Half a batch is taken back, pages that were turned for it too; tried again it stands there once."""
    full, plain = (
        File(path=tmp_path / "full" / name, rotate=rotate),
        File(path=tmp_path / "plain" / name, rotate=rotate),
    )
    long = "x" * 300
    for sink in (full, plain):
        sink.consume(batch(1, 2))
    before = content(tmp_path / "full")
    for _ in range(2):
        with no_file_beyond(250), pytest.raises(OSError, match=f"too large: '.*/full/{name}'"):
            full.consume([*batch(3, 4, 5, 6), *batch(7, name=long)])
        assert content(tmp_path / "full") == before
    for sink in (full, plain):
        sink.consume([*batch(3, 4, 5, 6), *batch(7, name=long)])
        sink.close()
    assert content(tmp_path / "full") == content(tmp_path / "plain")


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 400) | st.just(10_000)), max_size=10),
    st.sampled_from([None, 100, 170]),
)
def test_any_full_disk_leaves_whole_batches(deeds: list[tuple[int, int]], size: int | None) -> None:
    """Whatever was refused on the way, what is there are exactly the batches that were taken."""
    rotate = Rotate(size=size, compress=False) if size else None
    with tempfile.TemporaryDirectory() as full, tempfile.TemporaryDirectory() as roomy:
        sink, other = (
            File(path=Path(full) / "r.jsonl", rotate=rotate),
            File(path=Path(roomy) / "r.jsonl", rotate=rotate),
        )
        sink.position()
        other.position()
        for count, (length, room) in enumerate(deeds):
            part = batch(*range(10 * count, 10 * count + length))
            with suppress(OSError):
                with no_file_beyond(room):
                    sink.consume(part)
                other.consume(part)
            assert content(Path(full)) == content(Path(roomy))
        sink.close()
        other.close()


@pytest.mark.parametrize("then", ["consume", "flush", "position", "close"])
def test_what_could_not_be_taken_back_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str) -> None:
    """A disk that fails even while half a batch is taken back owes that, and pays before anything else."""
    # No real disk can be made to fail just here, so the call itself does.
    sink = File(path=tmp_path / "r.jsonl")
    sink.consume(batch(1))
    good = content(tmp_path)

    def broken(fd: int, size: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as disk:
        disk.setattr(os, "ftruncate", broken)
        with no_file_beyond(120), pytest.raises(OSError, match="too large"):
            sink.consume(batch(2, 3, 4))
        with pytest.raises(OSError, match="Input/output"):
            sink.consume(batch(2, 3, 4))
        assert content(tmp_path) != good
    match then:
        case "consume":
            sink.consume(batch(2))
            assert len(content(tmp_path)["r.jsonl"].splitlines()) == 2
        case "flush":
            sink.flush()
            assert content(tmp_path) == good
        case "position":
            sink.position()
            assert content(tmp_path) == good
        case _:
            pass
    sink.close()
    assert then == "consume" or content(tmp_path) == good


@pytest.fixture
def disk(tmp_path: Path) -> Generator[Path]:
    """A file system with room for 64 KiB."""
    with small_disk(tmp_path / "disk", "64k") as folder:
        yield folder


@pytest.mark.parametrize("size", [None, 3_000])
def test_a_really_full_disk(disk: Path, tmp_path: Path, size: int | None) -> None:
    """No half line, no half batch, whole rotated files; with room again the next batch is written."""
    rotate = Rotate(size=size, compress=False) if size else None
    hog = disk / "hog"
    hog.write_bytes(b"x" * 30_000)
    sink = File(path=disk / "r.jsonl", rotate=rotate)
    taken, refused = 0, 0
    words: set[str] = set()
    for n in range(100):
        try:
            sink.consume(batch(*range(20 * n, 20 * n + 20)))
            taken = n + 1
        except OSError as error:
            words.add(str(error))
            refused += 1
            if refused == 3:
                hog.unlink()
                break
    assert refused == 3
    assert words == {f"[Errno 28] No space left on device: '{disk / 'r.jsonl'}'"}
    sink.consume(batch(*range(20 * taken, 20 * taken + 20)))
    sink.position()
    sink.close()
    plain = File(path=tmp_path / "plain" / "r.jsonl", rotate=rotate)
    for n in range(taken + 1):
        plain.consume(batch(*range(20 * n, 20 * n + 20)))
    plain.close()
    assert rotate is None or len(content(disk)) > 5
    assert content(disk) == content(tmp_path / "plain")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """What stands in the way is an error that time can mend, and then it goes on."""
    (tmp_path / "out").write_bytes(b"a file where the folder should be")
    sink = File(path=tmp_path / "out" / "r.jsonl")
    with pytest.raises(OSError, match="out"):
        sink.consume(batch(1))
    os.unlink(tmp_path / "out")
    sink.consume(batch(1))
    sink.close()
    assert len((tmp_path / "out" / "r.jsonl").read_bytes().splitlines()) == 1
