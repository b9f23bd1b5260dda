"""Readings of a clock that was never set are marked, and mended when they are read back after it was."""

import time
from pathlib import Path

import pytest
from tests.engine.kit import Feed, intake

from gaugeway import Reading
from gaugeway.engine.settings import REMEMBERED, Setting, Settings
from gaugeway.engine.timekeeper import SET_AFTER
from gaugeway.engine.wallclock import WallClock

RIGHT = SET_AFTER + 1e7
WRONG = RIGHT - 86_400.0


@pytest.fixture
def timesync(tmp_path: Path) -> Path:
    """The folder that systemd's time service makes when it starts."""
    folder = tmp_path / "timesync"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def up_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the computer been on for a minute."""
    real = time.clock_gettime

    def gettime(clock: int) -> float:
        return 60.0 if clock == time.CLOCK_BOOTTIME else real(clock)

    monkeypatch.setattr(time, "clock_gettime", gettime)


def stamps(clock: WallClock, wall: float, now: float) -> list[str]:
    """Return how one reading of the gateway's time and one of a device's own come out."""
    pair = [Reading("a", 1.0, time=wall), Reading("b", 1.0, time=wall + 5, stamp="device")]
    if clock.unset:
        clock.mark(pair, wall, now)
    return [reading.stamp for reading in pair]


def test_without_a_time_service_a_likely_time_is_believed(tmp_path: Path) -> None:
    """Nobody will ever say that it is right, and a whole life of marks would tell nothing."""
    assert not WallClock(tmp_path / "none", wall=RIGHT).unset


@pytest.mark.parametrize("wall", [0.0, SET_AFTER - 1])
def test_a_time_before_this_program_existed_is_wrong(tmp_path: Path, wall: float) -> None:
    """Whoever says so."""
    assert WallClock(tmp_path / "none", wall=wall).unset


def test_a_likely_time_is_wrong_until_the_time_service_has_heard(timesync: Path) -> None:
    """A Pi remembers when it was switched off, and begins there."""
    clock = WallClock(timesync, wall=WRONG)
    assert stamps(clock, WRONG, 100.0) == ["unsynced", "device"]
    (timesync / "synchronized").touch()
    assert stamps(clock, WRONG + 2, 102.0) == ["gateway", "device"]
    assert not clock.unset


def test_a_jump_is_noticed_at_once(timesync: Path) -> None:
    """Not one reading of the right time is marked."""
    clock = WallClock(timesync, wall=WRONG)
    assert stamps(clock, WRONG, 100.0)[0] == "unsynced"
    assert stamps(clock, WRONG + 0.1, 100.1)[0] == "unsynced"
    assert stamps(clock, RIGHT + 0.2, 100.2)[0] == "gateway"


def test_a_jump_to_another_wrong_time_is_none(tmp_path: Path) -> None:
    """From 1970 to 1971 nothing is won."""
    clock = WallClock(tmp_path / "none", wall=10.0)
    assert stamps(clock, 10.0, 100.0)[0] == "unsynced"
    assert stamps(clock, 3e7, 101.0)[0] == "unsynced"
    assert stamps(clock, RIGHT, 102.0)[0] == "gateway"
    late = Reading("a", 1.0, time=3e7, stamp="unsynced")
    clock.mend([late])
    assert late.time == pytest.approx(RIGHT - 1.0)


def test_what_is_read_back_later_gets_the_time_it_really_came(timesync: Path, tmp_path: Path) -> None:
    """Also by another process; what nobody knows better stays marked."""
    first = WallClock(timesync, wall=WRONG)
    first.settings.keep_in(tmp_path / "state" / "clock.json")
    stamps(first, WRONG, 100.0)
    stamps(first, RIGHT + 10, 110.0)
    then = WallClock(tmp_path / "none", wall=RIGHT + 60)
    then.settings.keep_in(tmp_path / "state" / "clock.json")
    kept = [Reading("a", 1.0, time=WRONG + 3, stamp="unsynced"), Reading("a", 2.0, time=WRONG - 30, stamp="unsynced"),
            Reading("a", 3.0, time=WRONG - 90, stamp="unsynced"), Reading("a", 4.0, time=WRONG + 3)]  # fmt: skip
    then.mend(kept)
    assert [(one.time, one.stamp) for one in kept] == [
        (RIGHT + 3, "gateway"),
        (RIGHT - 30, "gateway"),
        (WRONG - 90, "unsynced"),
        (WRONG + 3, "gateway"),
    ]


def test_a_replay_mends_them_before_a_stage_sees_them(tmp_path: Path) -> None:
    """The journal holds what the clock showed; the stages and the file get what it should have shown."""
    into = intake(Feed())
    into.wall.settings.keep_in(tmp_path / "clock.json")
    into.wall.settings.add(Setting(WRONG - 10, WRONG + 10, 86_400.0))
    burst = into.again([Reading("a", 1.0, time=WRONG, stamp="unsynced")], 5.0, tick=False)
    assert [(one.time, one.stamp) for one in burst.readings] == [(RIGHT, "gateway")]


def test_two_starts_at_the_same_remembered_time_cannot_be_told_apart() -> None:
    """Better marked than wrong."""
    settings = Settings()
    settings.add(Setting(100.0, 200.0, 1000.0))
    settings.add(Setting(150.0, 300.0, 2000.0))
    assert [settings.behind(shown) for shown in (120.0, 180.0, 250.0, 400.0)] == [1000.0, None, 2000.0, None]


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff", b'{"since": 1}'])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    """It never keeps a gateway from starting."""
    file = tmp_path / "clock.json"
    file.write_bytes(content)
    settings = Settings()
    settings.keep_in(file)
    assert settings.behind(0.0) is None
    settings.add(Setting(1.0, 2.0, 3.0))
    again = Settings()
    again.keep_in(file)
    assert again.behind(1.5) == 3.0


def test_a_disk_that_takes_nothing_is_no_reason_to_fail(tmp_path: Path) -> None:
    """The readings matter more."""
    settings = Settings()
    settings.keep_in(tmp_path / "gone" / "clock.json")
    (tmp_path / "gone").write_text("a file where a folder should be")
    settings.add(Setting(1.0, 2.0, 3.0))
    assert settings.behind(1.5) == 3.0


def test_only_the_last_settings_are_kept(tmp_path: Path) -> None:
    """A machine that is switched on every day for years fills nothing."""
    settings = Settings()
    settings.keep_in(tmp_path / "clock.json")
    for number in range(200):
        day = number * 1000.0
        settings.add(Setting(day, day + 10, 5.0))
    assert settings.behind(0.0) is None
    assert settings.behind(199 * 1000.0) == 5.0
    assert (tmp_path / "clock.json").stat().st_size < REMEMBERED * 100
