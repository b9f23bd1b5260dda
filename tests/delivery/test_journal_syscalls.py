"""What the journal asks of the operating system, seen from outside with strace."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

STRACE = shutil.which("strace")
pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not installed")

START = """
import sys
from pathlib import Path
from gaugeway.delivery.journal import Journal

journal = Journal(Path(sys.argv[1]), size=1 << 20, segment_size=200)
def say(text):
    sys.stdout.write(text + "\\n")
    sys.stdout.flush()
def attempt(act):
    try:
        say(f"did {act()}")
    except OSError as error:
        say(f"failed {error.errno}")
"""
CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)(?: (\w+))?")


def trace(folder: Path, script: str, *inject: str) -> list[str]:
    """Run a script under strace; return its calls and what it says, in order, in short form."""
    log = folder.parent / "strace.txt"
    options = [f"-einject={fault}" for fault in inject]
    calls = "-etrace=openat,pwritev,pwritev2,pwrite64,ftruncate,fdatasync,fsync,rename,unlink,write"
    command = [
        str(STRACE),
        "-f",
        "-y",
        "-o",
        str(log),
        calls,
        *options,
        sys.executable,
        "-c",
        START + script,
        str(folder),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    if "ptrace" in done.stderr and done.returncode:
        pytest.skip("strace may not trace here: " + done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return [short for line in log.read_text().splitlines() if (short := shortened(line, folder))]


def shortened(line: str, folder: Path) -> str:
    """Name the call, its file (by its sequence number, or `folder`) and the error if there was one."""
    found = CALL.search(line)
    if found is None:
        return ""
    name, arguments, _, error = found.groups()
    if name == "write" and arguments.startswith("1<"):
        return arguments.split('"')[1].removesuffix("\\n")
    segment = re.search(rf"{re.escape(str(folder))}/0*(\d+)-0*(\d+)-[0-9a-f]+\.v1(\.new)?", arguments)
    if segment is None and str(folder) not in arguments:
        return ""
    if name == "openat" and "O_CREAT" not in arguments:
        return ""
    target = f"{segment[1]}{segment[3] or ''}" if segment else "folder"
    shown = {"openat": "create", "pwritev2": "pwritev"}.get(name, name)
    return f"{shown} {target}" + (f" {error}" if error else "")


def test_appending_never_waits_for_the_disk_and_syncing_always_does(tmp_path: Path) -> None:
    """One write an append; one fdatasync a file with something new, the folder only when a file was added."""
    script = """
journal.append([b"a" * 20, b"b" * 20])
journal.append([b"c"])
say("appended")
journal.sync()
say("synced")
journal.append([b"d"])
journal.sync()
say("synced again")
journal.sync()
say("nothing new")
"""
    assert trace(tmp_path / "journal", script) == [
        *("create 1", "pwritev 1", "pwritev 1", "appended"),
        *("fsync folder", "fdatasync 1", "synced"),
        *("pwritev 1", "fdatasync 1", "synced again"),
        "nothing new",
    ]


def test_every_file_with_something_new_is_synced(tmp_path: Path) -> None:
    """Also those that are full already and will not be written to again."""
    script = """
for _ in range(3):
    journal.append([b"x" * 150])
say("appended")
journal.sync()
"""
    calls = trace(tmp_path / "journal", script)
    assert calls[calls.index("appended") + 1 :] == ["fsync folder", "fdatasync 1", "fdatasync 2", "fdatasync 3"]


def test_a_cut_lasts_before_what_it_replaces_is_removed(tmp_path: Path) -> None:
    """One new name takes back everything behind it; the old files go only after that name is on disk."""
    script = """
for _ in range(3):
    journal.append([b"x" * 150])
journal.sync()
say("synced")
journal.cut(1)
"""
    calls = trace(tmp_path / "journal", script)
    assert calls[calls.index("synced") + 1 :] == ["create 4", "fsync folder", "unlink 2", "unlink 3", "fsync folder"]


def test_a_failed_fdatasync_is_answered_by_writing_again_elsewhere(tmp_path: Path) -> None:
    """The second file takes the place of the first only when it is complete and synced."""
    script = """
journal.append([b"a", b"b"])
attempt(journal.sync)
attempt(lambda: list(journal.read(0)))
"""
    calls = trace(tmp_path / "journal", script, "fdatasync:error=EIO:when=1")
    assert [call for call in calls if call != "fsync folder"] == [
        *("create 1", "pwritev 1", "fdatasync 1 EIO"),
        *("create 2.new", "pwritev 2.new", "fdatasync 2.new", "rename 2.new", "unlink 1"),
        *("did 2", "did [(0, b'a'), (1, b'b')]"),
    ]


def test_a_file_that_failed_to_sync_is_never_synced_again(tmp_path: Path) -> None:
    """Linux would report success for what it has thrown away, so the next try goes to yet another file."""
    script = """
journal.append([b"a"])
attempt(journal.sync)
attempt(journal.sync)
"""
    calls = trace(tmp_path / "journal", script, "fdatasync:error=EIO:when=1..2")
    assert [call for call in calls if "fdatasync" in call or "did" in call or "failed" in call] == [
        *("fdatasync 1 EIO", "fdatasync 2.new EIO", "failed 5"),
        *("fdatasync 3.new", "did 1"),
    ]


def test_a_write_that_fails_is_taken_back(tmp_path: Path) -> None:
    """On a full disk the file is cut to what it held, and the next append stands in the same place."""
    script = """
journal.append([b"a"])
attempt(lambda: journal.append([b"b"]))
attempt(lambda: journal.append([b"c"]))
attempt(lambda: list(journal.read(0)))
"""
    assert trace(tmp_path / "journal", script, "pwritev,pwritev2:error=ENOSPC:when=2") == [
        *("create 1", "pwritev 1", "pwritev 1 ENOSPC", "ftruncate 1", "failed 28"),
        *("pwritev 1", "did 2", "did [(0, b'a'), (1, b'c')]"),
    ]


def test_killed_while_syncing_nothing_that_was_appended_is_lost(tmp_path: Path) -> None:
    """A SIGKILL at the fdatasync leaves all in the files, and the next process reads it."""
    folder = tmp_path / "journal"
    script = START + "journal.append([b'a'])\njournal.sync()\nsay('never')"
    command = [str(STRACE), "-f", "-o", "/dev/null", "-einject=fdatasync:signal=KILL:when=1"]
    subprocess.run([*command, sys.executable, "-c", script, str(folder)], check=False, capture_output=True, timeout=60)
    if not folder.exists():
        pytest.skip("strace may not trace here")
    read = START + "say(repr(list(journal.read(0))))"
    done = subprocess.run([sys.executable, "-c", read, str(folder)], check=True, capture_output=True, timeout=60)
    assert done.stdout == b"[(0, b'a')]\n"
