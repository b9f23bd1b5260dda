"""One queue of messages across restarts: what is known is not added again, what was never told is taken back."""

from pathlib import Path
from random import Random

import pytest
from tests.delivery.volatile import VolatileFiles

from gaugeway.delivery.lane import Lane
from gaugeway.delivery.marker import SLOT, Marker
from gaugeway.delivery.memory import MemoryLog

SIZE = 1 << 20


def opened(tmp_path: Path) -> Lane:
    return Lane.in_folder(tmp_path / "lane", SIZE)


def drained(lane: Lane) -> list[bytes]:
    """All messages that are delivered from here on."""
    found: list[bytes] = []
    while messages := lane.take(100):
        found += messages
        lane.acknowledge(len(messages))
    return found


def before_the_crash(tmp_path: Path) -> None:
    """A life that put five messages, delivered two, and took its last checkpoint after the first."""
    lane = opened(tmp_path)
    lane.put([b"0", b"1", b"2", b"3", b"4"])
    lane.take(2)
    lane.acknowledge(2)
    lane.settle(1)
    lane.close()


def test_what_is_put_once_more_after_a_crash_is_not_added(tmp_path: Path) -> None:
    """Neither what was delivered nor what still waits; the position goes along with what was put."""
    before_the_crash(tmp_path)
    lane = opened(tmp_path)
    lane.resume(1)
    lane.put([b"1"])
    assert lane.position == 2
    lane.put([b"2", b"3"])
    lane.put([b"4", b"5"])
    assert lane.position == 6
    assert drained(lane) == [b"2", b"3", b"4", b"5"]
    lane.close()


def test_what_is_not_put_again_after_a_power_cut_is_taken_back(tmp_path: Path) -> None:
    """From the first message on that differs the new story counts; what was delivered stays delivered."""
    before_the_crash(tmp_path)
    lane = opened(tmp_path)
    lane.resume(1)
    lane.put([b"1", b"2", b"other"])
    assert drained(lane) == [b"2", b"other"]
    lane.close()


def test_without_a_checkpoint_everything_that_waits_is_delivered(tmp_path: Path) -> None:
    """If the state database was lost the outbox still does its part."""
    before_the_crash(tmp_path)
    lane = opened(tmp_path)
    lane.put([b"new"])
    assert drained(lane) == [b"2", b"3", b"4", b"new"]
    lane.close()


def test_a_checkpoint_that_knows_more_than_the_disk_is_believed(tmp_path: Path) -> None:
    """The numbers go on from there, so that no later position is smaller."""
    before_the_crash(tmp_path)
    lane = opened(tmp_path)
    lane.resume(9)
    lane.put([b"9"])
    assert lane.position == 10
    assert drained(lane)[-1] == b"9"
    lane.close()


def test_a_note_of_deliveries_that_outlived_its_messages_swallows_none() -> None:
    """After a power cut the note may know more than the journal: what is put then is new, and is delivered."""
    for seed in range(30):
        files = VolatileFiles(Random(seed))
        lane = Lane.in_folder(Path("/lane"), SIZE, files=files)
        lane.put([b"0", b"1", b"2"])
        drained(lane)
        files.restart(power_cut=True)
        lane = Lane.in_folder(Path("/lane"), SIZE, files=files)
        lane.resume(0)
        lane.put([b"0 of another life"])
        assert b"0 of another life" in drained(lane)


def test_an_urgent_message_is_on_disk_when_it_is_put() -> None:
    """A power cut right after does not lose it."""
    for seed in range(30):
        files = VolatileFiles(Random(seed))
        lane = Lane.in_folder(Path("/lane"), SIZE, files=files)
        lane.put([b"alarm"], sync=True)
        files.restart(power_cut=True)
        assert drained(Lane.in_folder(Path("/lane"), SIZE, files=files)) == [b"alarm"]


def test_nothing_urgent_is_sent_before_it_is_on_disk() -> None:
    """If the sync failed when it was put, it is tried again before the message goes out, and not sent otherwise."""
    files = VolatileFiles(Random(1))
    lane = Lane.in_folder(Path("/lane"), SIZE, files=files)
    files.failing_syncs = 4
    with pytest.raises(OSError, match="no"):
        lane.put([b"alarm"], sync=True)
    with pytest.raises(OSError, match="no"):
        lane.take(1, durable=True)
    files.failing_syncs = 0
    lane.put([b"alarm"], sync=True)
    assert drained(lane) == [b"alarm"], "put twice, kept once"


def test_a_position_is_known_although_the_last_note_of_it_was_torn(tmp_path: Path) -> None:
    """One of the two places is always whole; noise is no position."""
    path = tmp_path / "delivered"
    marker = Marker(path)
    for position in range(1, 8):
        marker.put(position)
    marker.close()
    sound = path.read_bytes()
    assert Marker(path).position == 7
    for offset in range(2 * SLOT):
        path.write_bytes(sound[:offset] + bytes([sound[offset] ^ 0xFF]) + sound[offset + 1 :])
        assert Marker(path).position in {6, 7}
    path.write_bytes(b"\xff" * 2 * SLOT)
    assert Marker(path).position == 0


def test_what_is_being_delivered_is_not_lost_when_the_oldest_is_dropped(tmp_path: Path) -> None:
    """It is in hand already: the drop counts only what nobody will see."""
    for lane in (opened(tmp_path), Lane(MemoryLog(SIZE))):
        lane.put([b"%d" % number for number in range(16)])
        assert lane.take(1) == [b"0"]
        lost = lane.drop_oldest()
        assert lane.waiting == 16 - lost
        assert len(drained(lane)) == 16 - lost
        lane.close()


def test_in_memory_positions_are_those_of_a_journal() -> None:
    """Reading, trimming and cutting work alike, so that nothing else has to know the difference."""
    log = MemoryLog(SIZE)
    assert log.append([b"a", b"b", b"c"]) == 3
    log.trim(1)
    log.cut(2)
    log.cut(5)
    assert log.append([b"d"]) == 6
    assert log.reader(0).take(9) == [(1, b"b"), (5, b"d")]
    assert (log.start, log.end, log.synced) == (1, 6, 6)
