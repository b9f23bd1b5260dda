"""A crash leaves no trace: rolled back and written again, the files are those of an uninterrupted run."""

import gzip
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaugeway import Reading
from gaugeway_sinks.file import File
from gaugeway_sinks.file.retention import Keep
from gaugeway_sinks.file.rotation import Rotate

EXAMPLES: Final = int(os.environ.get("GAUGEWAY_EXAMPLES", "60"))
CRASHES: Final = Path(__file__).with_name("crashes.py")


class Options(msgspec.Struct):
    """What the runs of one example are made with."""

    name: str
    rotate: Rotate | None
    keep: Keep | None

    def sink(self, folder: str) -> File:
        return File(path=Path(folder) / self.name, rotate=self.rotate, keep=self.keep)


class Crash(msgspec.Struct):
    """What one crash does: to the unsynced end of the file, and how many checkpoints before it failed."""

    after: int
    lost: int
    garbage: bytes
    failed: int


options = st.builds(
    Options,
    name=st.sampled_from(["r.jsonl", "r.csv"]),
    rotate=st.none()
    | st.builds(
        Rotate, size=st.sampled_from([100, 300, 900]), every=st.none() | st.just(3600.0), compress=st.booleans()
    ),
    keep=st.none(),
) | st.builds(
    Options,
    name=st.just("r.jsonl"),
    rotate=st.builds(Rotate, size=st.sampled_from([100, 300]), compress=st.booleans()),
    keep=st.builds(Keep, files=st.none() | st.integers(1, 4), age=st.just(7200.0), bytes=st.none() | st.just(700)),
)
readings = st.builds(
    Reading,
    sensor=st.sampled_from(["a", "boiler"]),
    value=st.sampled_from([0.0, 21.53, -1e-9]),
    time=st.integers(0, 40).map(lambda n: 1_728_000_000.0 + 900 * n),
    stamp=st.sampled_from(["gateway", "device", "unsynced"]),
    more=st.none() | st.just({"rate": 1.5}),
)
crashes = st.builds(
    Crash,
    after=st.integers(1, 12),
    lost=st.integers(0, 400),
    garbage=st.binary(max_size=30) | st.just(b'{"sensor":"a","value":1}\n{"sen'),
    failed=st.integers(0, 5),
)


def cut(batch: list[Reading], sizes: list[int]) -> Iterator[list[Reading]]:
    turn = 0
    while batch:
        size = sizes[turn % len(sizes)]
        yield batch[:size]
        batch, turn = batch[size:], turn + 1


def content(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def finish(sink: File) -> None:
    """Two positions, so that all rotated files are settled, then the end."""
    sink.position()
    sink.position()
    sink.close()


def uninterrupted(options: Options, batch: list[Reading], sizes: list[int]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        sink = options.sink(folder)
        sink.position()
        for part in cut(batch, sizes):
            sink.consume(part)
        finish(sink)
        return content(folder)


def damage(path: Path, durable: object, crash: Crash) -> None:
    """Take away some of what was never made to last, and leave garbage behind it."""
    size = msgspec.convert(durable, type=dict[str, object])["mark"]
    safe = msgspec.convert(size, type=dict[str, object])
    rotated = any(f"-{safe['number']:06d}-" in other.name for other in path.parent.iterdir())
    least = 0 if rotated else int(str(safe["size"]))
    os.truncate(path, max(least, path.stat().st_size - crash.lost))
    with path.open("ab") as file:
        file.write(crash.garbage)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    options,
    st.lists(readings, max_size=40),
    st.lists(st.integers(1, 7), min_size=1, max_size=4),
    st.lists(crashes, max_size=4),
    st.integers(1, 4),
)
def test_any_crash_leaves_no_trace(
    options: Options, batch: list[Reading], sizes: list[int], crashes: list[Crash], checkpoint_every: int
) -> None:
    """Whatever was written, rotated, compressed, deleted, torn or lost since the last checkpoint: the same files."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / options.name
        sink = options.sink(folder)
        done, durable = 0, sink.position()
        for crash in crashes:
            asked = [(done, durable)]
            at = done
            for turn, part in enumerate(cut(batch[done:], sizes[::-1])):
                if turn == crash.after:
                    break
                sink.consume(part)
                at += len(part)
                if turn % checkpoint_every == 0:
                    asked.append((at, sink.position()))
            sink.close()
            # What is deleted is gone: with `keep` only the last checkpoint may fail, without it any number.
            failed = min(crash.failed, 1) if options.keep else crash.failed
            done, durable = asked[max(0, len(asked) - 1 - failed)]
            damage(path, durable, crash)
            sink = options.sink(folder)
            sink.rollback(msgspec.json.decode(msgspec.json.encode(durable)))
        for part in cut(batch[done:], sizes):
            sink.consume(part)
        finish(sink)
        assert content(folder) == uninterrupted(options, batch, sizes)


def test_killed_at_every_step() -> None:
    """Killed before each single opening, renaming, cutting or deleting of a file, it ends with the same files."""
    # Thousands of fsyncs: in memory where that is possible. What they are worth in a power cut is not asked here.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        run = subprocess.run([sys.executable, CRASHES, folder], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    assert run.returncode == 0
    assert int(run.stdout) > 40


def reading(n: int) -> Reading:
    return Reading("t", float(n), 1_728_000_000.0 + n)


def test_rolled_back_while_running(tmp_path: Path) -> None:
    """The same sink can be taken back and go on, as when its pipeline is restarted."""
    sink = File(path=tmp_path / "r.jsonl", rotate=Rotate(size=100))
    sink.consume([reading(n) for n in range(3)])
    position = sink.position()
    sink.consume([reading(n) for n in range(3, 20)])
    sink.position()
    sink.position()
    sink.rollback(position)
    sink.consume([reading(3)])
    sink.close()
    assert names(tmp_path) == ["r-000001-20241004T000000Z.jsonl.gz", "r.jsonl"]
    assert b'"value":2.0' in (tmp_path / "r.jsonl").read_bytes()
    assert b'"value":3.0' in (tmp_path / "r.jsonl").read_bytes()


def test_rolled_back_behind_what_is_compressed(tmp_path: Path) -> None:
    """A file that was compressed since the position is brought back, and can be put away again."""
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    for folder in (unbroken, broken):
        sink = File(path=folder / "r.jsonl", rotate=Rotate(size=100))
        sink.consume([reading(n) for n in range(3)])
        position = sink.position()
        sink.consume([reading(n) for n in range(3, 20)])
        finish(sink)
    sink = File(path=broken / "r.jsonl", rotate=Rotate(size=100))
    assert (broken / "r-000002-20241004T000002Z.jsonl.gz").exists()
    sink.rollback(position)
    assert names(broken) == ["r-000001-20241004T000000Z.jsonl.gz", "r.jsonl"]
    sink.consume([reading(n) for n in range(3, 20)])
    finish(sink)
    assert content(str(broken)) == content(str(unbroken))


def test_rolled_back_while_a_file_is_being_compressed(tmp_path: Path) -> None:
    """The upkeep lets go of a file before it is taken back."""
    page = b'{"value":"' + os.urandom(5_000_000).hex().encode() + b'"}\n'
    (tmp_path / "r.jsonl").write_bytes(page)
    sink = File(path=tmp_path / "r.jsonl", rotate=Rotate(size=100))
    position = sink.position()
    sink.consume([reading(1)])
    sink.position()
    sink.position()
    sink.rollback(position)
    sink.close()
    assert (tmp_path / "r.jsonl").read_bytes() == page
    assert names(tmp_path) == ["r.jsonl"]


def test_what_a_rollback_interrupted_is_done_after_it(tmp_path: Path) -> None:
    """A file that was being compressed when another one was taken back is compressed in the end."""
    page = b'{"value":"' + os.urandom(5_000_000).hex().encode() + b'"}\n'
    (tmp_path / "r.jsonl").write_bytes(page)
    sink = File(path=tmp_path / "r.jsonl", rotate=Rotate(size=100))
    sink.position()
    sink.consume([reading(1)])
    position = sink.position()
    sink.consume([reading(2), reading(3)])
    sink.position()
    sink.rollback(position)
    sink.close()
    assert names(tmp_path) == ["r-000001-undated.jsonl.gz", "r.jsonl"]
    assert gzip.decompress((tmp_path / "r-000001-undated.jsonl.gz").read_bytes()) == page


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def kept(folder: Path) -> bytes:
    files = [*sorted(folder.glob("r-*")), folder / "r.jsonl"]
    return b"".join(gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes() for file in files)


def test_the_first_page_is_gone(tmp_path: Path) -> None:
    """A position before the first reading does not empty a file that was begun long after it."""
    path = tmp_path / "r.jsonl"
    sink = File(path=path, rotate=Rotate(size=100, compress=False))
    position = sink.position()
    sink.consume([reading(n) for n in range(9)])
    sink.close()
    (tmp_path / "r-000001-20241004T000000Z.jsonl").unlink()
    before = content(str(tmp_path))
    sink = File(path=path)
    sink.rollback(position)
    sink.close()
    assert content(str(tmp_path)) == before


@pytest.mark.parametrize(
    "deed", ["other content", "shorter", "other path", "page is gone", "page is damaged", "nonsense"]
)
def test_files_that_are_not_those_of_the_position(tmp_path: Path, deed: str) -> None:
    """Where the files are not known again nothing is taken from them: better twice than lost."""
    path = tmp_path / "r.jsonl"
    sink = File(path=path, rotate=Rotate(size=10_000 if deed in ("other content", "shorter") else 100))
    sink.consume([reading(n) for n in range(3)])
    position = sink.position()
    sink.consume([reading(n) for n in range(3, 9)])
    sink.position()
    sink.position()
    sink.close()
    second = next(tmp_path.glob("r-000002-*"), path)
    match deed:
        case "other content":
            path.write_bytes(path.read_bytes().replace(b'"value":2.0', b'"value":7.0'))
        case "shorter":
            path.write_bytes(path.read_bytes()[:100])
        case "other path":
            position = msgspec.convert(position, type=dict[str, object]) | {"path": "/elsewhere/r.jsonl"}
        case "page is gone":
            second.unlink()
        case "page is damaged":
            second.write_bytes(second.read_bytes()[:-20])
        case _:
            position = ["from", {"another": "version"}]
    names, before = set(content(str(tmp_path))), b"" if deed == "page is damaged" else kept(tmp_path)
    sink = File(path=path, rotate=Rotate(size=1_000_000, compress=False))
    sink.rollback(position)
    sink.consume([reading(100)])
    sink.close()
    assert names <= set(content(str(tmp_path)))
    if deed != "page is damaged":
        whole = before.rpartition(b"\n")[0] + b"\n"
        assert kept(tmp_path).startswith(whole)
    assert path.read_bytes().endswith(b'"value":100.0,"time":1728000100.0}\n')
