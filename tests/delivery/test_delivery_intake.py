"""Readings on their way through the intake journal: what comes back is what went in, to the last bit."""

import errno
import math
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugeway import ConfigError, Reading
from gaugeway.delivery.intake import DECODER, ENCODER, Entry, IntakeJournal
from gaugeway.delivery.journal import Journal
from gaugeway.delivery.lock import Lock
from gaugeway.delivery.reserve import Reserve

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.floats(allow_nan=False)
optional = st.none() | numbers
readings = st.builds(
    Reading,
    sensor=texts,
    value=numbers,
    time=numbers,
    unit=texts,
    quality=st.sampled_from(["good", "uncertain", "bad", "stale"]),
    stamp=st.sampled_from(["gateway", "device", "unsynced"]),
    normal=optional,
    average=optional,
    more=st.none() | st.dictionaries(texts, numbers, max_size=3),
    fate=st.none() | texts,
)
notes = st.none() | st.lists(st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=2), max_size=3)
entries = st.builds(
    Entry,
    readings=st.lists(readings, max_size=5),
    now=numbers,
    tick=st.booleans(),
    full=st.booleans(),
    note=notes,
)


@given(entries)
def test_an_entry_comes_back_with_every_field(entry: Entry) -> None:
    """Also fields that no source sets, and minus zero."""
    back = DECODER.decode(ENCODER.encode(entry))
    assert back == entry
    for reading, same in zip(entry.readings, back.readings, strict=True):
        assert struct.pack("<2d", reading.value, reading.time) == struct.pack("<2d", same.value, same.time)


def test_a_replay_begins_where_it_is_told_to(tmp_path: Path) -> None:
    """Each entry comes with the position to remember once it is worked through."""
    kept = [Entry([Reading("a", float(number), time=1.0)], float(number), tick=True) for number in range(4)]
    with Journal(tmp_path, size=1 << 20) as journal:
        intake = IntakeJournal(journal)
        assert [intake.append(entry) for entry in kept] == [1, 2, 3, 4]
        assert list(intake.replay(2)) == [(3, kept[2]), (4, kept[3])]


def test_what_is_no_entry_is_skipped(tmp_path: Path) -> None:
    """A record of another version does not stop the replay."""
    with Journal(tmp_path, size=1 << 20) as journal:
        intake = IntakeJournal(journal)
        journal.append([b"\xc1", b"", ENCODER.encode("something else")])
        intake.append(Entry([], 1.0))
        assert list(intake.replay(0)) == [(4, Entry([], 1.0))]


def test_nothing_is_taken_while_the_reserve_is_spent(tmp_path: Path) -> None:
    """The room that the reserve made is for state and alarms; when it can be set aside again all goes on."""
    reserve = Reserve(tmp_path / "reserve", 1 << 16)
    with Journal(tmp_path / "journal", size=1 << 20) as journal:
        intake = IntakeJournal(journal, reserve)
        intake.append(Entry([], 1.0))
        assert reserve.held
        assert reserve.release()
        reserve.size = 1 << 62
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            intake.append(Entry([], 2.0))
        assert not reserve.path.exists(), "a part of it would only be in the way"
        reserve.size = 1 << 16
        assert intake.append(Entry([], 3.0)) == 2


def test_a_reserve_is_really_set_aside(tmp_path: Path) -> None:
    """It takes its blocks, not only its length, and is given up once."""
    reserve = Reserve(tmp_path / "reserve", 1 << 16)
    assert reserve.refill()
    assert reserve.path.stat().st_blocks * 512 >= 1 << 16
    assert Reserve(tmp_path / "reserve", 1 << 16).held
    assert reserve.release()
    assert not reserve.release()


def test_a_reserve_that_is_given_up_while_it_is_set_aside_counts_as_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One pipeline finds room for it, and just then an alarm finds none for itself: ordinary data has to wait."""
    reserve = Reserve(tmp_path / "reserve", 1 << 16)
    alarm = threading.Thread(target=reserve.release)
    allocate = os.posix_fallocate

    def and_just_then(file: int, offset: int, length: int) -> None:
        allocate(file, offset, length)
        alarm.start()
        alarm.join(0.2)  # one that is kept out now comes to its turn after it

    monkeypatch.setattr(os, "posix_fallocate", and_just_then)
    assert reserve.refill()
    alarm.join()
    assert not reserve.held
    assert reserve.spent


def test_a_second_daemon_is_kept_out_and_told_by_whom(tmp_path: Path) -> None:
    """The message names the process to stop; when that one is gone, however it ended, the folder is free."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom gaugeway.delivery.lock import Lock\n"
        "with Lock(Path(sys.argv[1])):\n    print('mine', flush=True)\n    sys.stdin.read()"
    )
    folder = tmp_path / "state"
    command = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        with pytest.raises(ConfigError, match=f"in use by process {other.pid}:"), Lock(folder):
            pass
        other.kill()
        other.communicate()
    with Lock(folder):
        assert (folder / "lock").read_text() == f"{os.getpid()}\n"


def test_infinity_is_not_lost_on_the_way() -> None:
    """The journal is not the place where values are judged."""
    back = DECODER.decode(ENCODER.encode(Entry([Reading("a", math.inf), Reading("b", math.nan)], 0.0)))
    assert back.readings[0].value == math.inf
    assert math.isnan(back.readings[1].value)
