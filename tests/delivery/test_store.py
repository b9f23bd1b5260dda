"""The checkpoint: what is saved is there after any end of the process, and a bad database never stops the start."""

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gaugeway.delivery.reserve import Reserve
from gaugeway.delivery.store import Store

PARTS = {"intake/boiler": b"\x01\x02", "stage/average": b"x" * 5000, "sink/archive": b""}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store(path, patience=0.05)
    yield opened
    opened.close()


def saved(path: Path) -> dict[str, bytes]:
    """What a new process finds."""
    store = Store(path, patience=0.05)
    try:
        return store.load()
    finally:
        store.close()


def bytes_written() -> int:
    """What this process has handed to the operating system to be written."""
    return int(Path("/proc/self/io").read_text().split()[3])


def test_parts_come_back_as_they_were_saved(store: Store, path: Path) -> None:
    """Bytes of any kind, also none; a part that is given as None is forgotten, one that is not given stays."""
    assert store.load() == {}
    store.save(dict(PARTS))
    assert store.load() == PARTS
    store.save({"intake/boiler": b"new", "stage/average": None})
    store.close()
    assert saved(path) == {"intake/boiler": b"new", "sink/archive": b""}


def test_only_what_changed_is_written(store: Store) -> None:
    """The card is spared: neither an unchanged part nor an unchanged state costs anything."""
    store.save(dict(PARTS))
    before = bytes_written()
    store.save(dict(PARTS))
    assert bytes_written() == before
    large = {**PARTS, "stage/average": bytes(1_000_000)}
    store.save(large)
    before = bytes_written()
    store.save({**large, "intake/boiler": b"\x01\x03"})
    assert 0 < bytes_written() - before < 100_000


def test_a_database_that_somebody_removes_is_written_anew(store: Store, path: Path) -> None:
    """The next save has all parts in it, also those that did not change; the folder may be gone too."""
    for gone in (path, path.parent):
        store.save(dict(PARTS))
        gone.rename(path.parent.with_name(f"removed {gone.name}"))
        store.save(dict(PARTS))
        store.close()
        assert saved(path) == PARTS


def test_loading_first_tells_what_is_unchanged(path: Path) -> None:
    """After a restart too only what changed is written."""
    first = Store(path)
    first.save(dict(PARTS))
    first.close()
    second = Store(path)
    second.load()
    before = bytes_written()
    second.save(dict(PARTS))
    assert bytes_written() == before
    second.close()


def kill_after(path: Path, script: str) -> None:
    """Run a script with an open `store` and kill it with SIGKILL at its end."""
    start = "import os, signal, sys\nfrom pathlib import Path\nfrom gaugeway.delivery.store import Store\n"
    end = "\nos.kill(os.getpid(), signal.SIGKILL)"
    whole = f"{start}store = Store(Path(sys.argv[1]))\n{script}{end}"
    done = subprocess.run([sys.executable, "-c", whole, str(path)], check=False, capture_output=True, timeout=30)
    assert done.returncode == -9, done.stderr


def test_a_save_outlasts_the_process(path: Path) -> None:
    """Killed right after it returned, nothing is missing."""
    kill_after(path, "store.save({'a': b'1', 'b': b'2'}); store.save({'a': b'3'})")
    assert saved(path) == {"a": b"3", "b": b"2"}


def test_an_unfinished_save_leaves_the_one_before(path: Path) -> None:
    """All parts of a save or none: here the process dies in the middle of one."""
    kill_after(path, "store.save({'a': b'1', 'b': b'1'}); d = store._opened(); d.execute('BEGIN IMMEDIATE'); "
               "d.execute(\"UPDATE parts SET data = x'00' WHERE name = 'a'\")")  # fmt: skip
    assert saved(path) == {"a": b"1", "b": b"1"}


def test_a_database_cut_short_anywhere_is_no_obstacle(path: Path) -> None:
    """Whatever is left of the file: the store starts, with what can be read for certain, and saves."""
    store = Store(path)
    store.save(dict(PARTS))
    store.close()
    sound = path.read_bytes()
    for length in range(0, len(sound), 509):
        path.write_bytes(sound[:length])
        store = Store(path)
        found = store.load()
        assert found.items() <= PARTS.items()
        store.save({"new": b"1"})
        store.close()
        assert saved(path)["new"] == b"1"


def test_noise_in_a_database_never_becomes_state(path: Path) -> None:
    """A flipped byte anywhere loses a part or all, but never changes one."""
    store = Store(path)
    store.save(dict(PARTS))
    store.close()
    sound = path.read_bytes()
    for offset in range(0, len(sound), 37):
        path.write_bytes(sound[:offset] + bytes([sound[offset] ^ 0xFF]) + sound[offset + 1 :])
        assert saved(path).items() <= PARTS.items()


@pytest.mark.parametrize("noise", [b"", b"no database at all", bytes(4096), os.urandom(9000)])
def test_what_is_no_database_is_set_aside(path: Path, noise: bytes) -> None:
    """It is kept beside the new one for whoever wants to look, and counted."""
    path.parent.mkdir()
    path.write_bytes(noise)
    store = Store(path)
    assert store.load() == {}
    store.save({"a": b"1"})
    store.close()
    assert saved(path) == {"a": b"1"}
    if noise:
        assert store.set_aside == 1
        assert path.with_name("state.db.aside").read_bytes() == noise


def test_a_database_of_a_newer_version_is_set_aside(path: Path) -> None:
    """After a downgrade the daemon starts with an empty state, and the newer one is still there for an upgrade."""
    store = Store(path)
    store.save(dict(PARTS))
    store.close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 2")
    database.close()
    store = Store(path)
    assert store.load() == {}
    store.save({"a": b"1"})
    store.close()
    assert store.set_aside == 1
    assert path.with_name("state.db.aside").exists()


def test_damage_that_shows_only_while_running_loses_nothing_new(path: Path) -> None:
    """If the database turns out corrupt at a save, that save goes to a new one."""
    store = Store(path)
    store.save(dict(PARTS))
    store.close()
    path.write_bytes(b"x" * 8192)
    store.save({"a": b"1"})
    store.close()
    assert saved(path) == {"a": b"1"}


def test_a_locked_database_is_used_as_a_copy(path: Path) -> None:
    """Somebody looks into the database with a tool that locks it: nothing is lost and nobody waits."""
    first = Store(path)
    first.save(dict(PARTS))
    first.close()
    script = (
        "import sqlite3, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None); d.execute('BEGIN EXCLUSIVE');"
        "print('locked', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        store = Store(path, patience=0.05)
        assert store.load() == PARTS
        store.save({"a": b"1"})
        store.close()
        other.communicate()
    assert saved(path) == {**PARTS, "a": b"1"}


class SmallDisk(Store):
    """A store on a disk that ends after so many pages, until it is opened the next time."""

    pages = 0

    def _connect(self) -> sqlite3.Connection:
        database = super()._connect()
        database.execute(f"PRAGMA max_page_count = {self.pages or 1000}")
        self.pages = 0
        return database


def full(path: Path, reserve: Reserve | None = None) -> SmallDisk:
    """A store with a part in it that has no room for another."""
    store = SmallDisk(path, reserve)
    store.save({"a": b"1"})
    store.close()
    store.pages = 3
    return store


def test_a_full_disk_fails_a_save_and_the_next_one_works(path: Path) -> None:
    """The caller gets an `OSError` that says so; what was saved before stays, and later all is saved."""
    store = full(path)
    with pytest.raises(OSError, match="full") as caught:
        store.save({"a": b"2", "b": b"x" * 20_000})
    assert caught.value.errno == errno.ENOSPC
    assert store.load() == {"a": b"1"}
    store.save({"a": b"2", "b": b"x" * 20_000})
    store.close()
    assert saved(path) == {"a": b"2", "b": b"x" * 20_000}


def test_the_reserve_gets_a_save_through(path: Path, tmp_path: Path) -> None:
    """It is given up for the save, and set aside again as soon as there is space."""
    reserve = Reserve(tmp_path / "reserve", 65536)
    assert reserve.refill()
    reserve.path.write_bytes(b"x" * reserve.size)
    store = full(path, reserve)
    store.save({"a": b"2", "b": b"x" * 20_000})
    store.close()
    assert reserve.held
    assert reserve.path.read_bytes() == bytes(reserve.size), "it is another file"
    assert saved(path)["a"] == b"2"


FULL_DISK = """
import errno, os, sys
from pathlib import Path
from gaugeway.delivery.reserve import Reserve
from gaugeway.delivery.store import Store
from gaugeway.delivery.journal import Journal

folder = Path(sys.argv[1])
reserve = Reserve(folder / "reserve")
assert reserve.refill()
store = Store(folder / "state.db", reserve)
store.save({"a": b"1", "b": b"x" * 50_000})
journal = Journal(folder / "journal", size=16 << 20)
try:
    while True:
        journal.append([b"x" * 1000] * 100)
except OSError as error:
    assert error.errno == errno.ENOSPC
end = journal.end
ballast = os.open(folder / "ballast", os.O_CREAT | os.O_RDWR)
try:
    while True:
        os.write(ballast, b"x" * 512)
except OSError:
    pass
for number in range(20):
    store.save({"a": b"%d" % number, "b": bytes([number]) * 50_000})
assert reserve.spent and not reserve.held
assert journal.end == end and sum(1 for _ in journal.read(0)) == end
journal.trim(end)
journal.append([b"again"])
store.save({"a": b"end"})
assert reserve.held
store.close()
again = Store(folder / "state.db")
assert again.load() == {"a": b"end", "b": bytes([19]) * 50_000}
again.close()
print("well")
"""


def test_on_a_disk_that_is_really_full_the_state_is_saved_all_the_same(tmp_path: Path) -> None:
    """A small memory disk is filled to the last block: the journal says so, the store goes on, and both recover."""
    script = 'mount -t tmpfs -o size=4m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh"]
    if os.geteuid() == 0:
        command.remove("--map-root-user")
    try:
        done = subprocess.run(
            [*command, str(tmp_path), sys.executable, FULL_DISK],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if "mount:" in done.stderr or "unshare:" in done.stderr:
        pytest.skip(f"no mounting here: {done.stderr.strip()}")
    assert done.stdout == "well\n", done.stderr


def test_a_save_costs_one_sync(path: Path) -> None:
    """Counted from outside; the write-ahead log is what makes it cheap."""
    script = "store.save({'a': b'1'}); store.save({'a': b'2'})\nprint('start', flush=True)\n" + "".join(
        f"store.save({{'a': b'{number}'}}); " for number in range(10, 20)
    )
    start = "import sys\nfrom pathlib import Path\nfrom gaugeway.delivery.store import Store\n"
    start += "store = Store(Path(sys.argv[1]))\n"
    log = path.parent.parent / "strace.txt"
    command = ["strace", "-f", "-o", str(log), "-etrace=fsync,fdatasync,write", sys.executable, "-c", start + script]
    try:
        done = subprocess.run([*command, str(path)], check=False, capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("strace is not installed")
    if done.returncode:
        pytest.skip("strace may not trace here")
    calls = log.read_text().split("start", 1)[1]
    assert calls.count("sync(") in (10, 11, 12), "one a save, and two when the log is worked in"
