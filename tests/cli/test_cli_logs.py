"""`gaugeway logs` shows what a gateway wrote: by importance, by source, and as it comes."""

import os
from collections import deque
from pathlib import Path

import pytest
from tests.support.gateways import PLAIN, Home
from tests.support.waiting import until

from gaugeway.cli.logs import Wanted, written

TEXT = """\
2026-11-21 12:00:00 debug   called  source=boiler
2026-11-21 12:00:01 info    started  node=plant1 sources=1
2026-11-21 12:00:02 warning source waits  source=boiler reason='port is gone'
2026-11-21 12:00:03 error   pipeline failed  source=boiler reason=ZeroDivisionError
Traceback (most recent call last):
  File "boiler.py", line 7, in stream
ZeroDivisionError
2026-11-21 12:00:04 error   sink failed  sink=boiler_archive
"""
JSON = """\
{"time":1.0,"level":"info","logger":"gaugeway","event":"started","node":"plant1"}
{"time":2.0,"level":"warning","logger":"gaugeway","event":"source waits","source":"boiler"}
{"time":3.0,"level":"warning","logger":"gaugeway","event":"sink waits","sink":"archive"}
"""


def wanted(text: str, level: str = "debug", source: str | None = None) -> list[int]:
    """Return the numbers of the lines that are shown."""
    lines = text.splitlines(keepends=True)
    return [lines.index(line) for line in Wanted(level, source).events(lines)]


def test_events_by_importance() -> None:
    """That level and above; a traceback belongs to its event."""
    assert wanted(TEXT) == list(range(8))
    assert wanted(TEXT, "warning") == [2, 3, 4, 5, 6, 7]
    assert wanted(TEXT, "error") == [3, 4, 5, 6, 7]
    assert wanted(JSON, "warning") == [1, 2]


def test_events_of_one_source() -> None:
    """By its whole name, whether it is a source, a stage or a sink."""
    assert wanted(TEXT, source="boiler") == [0, 2, 3, 4, 5, 6]
    assert wanted(TEXT, "error", "boiler_archive") == [7]
    assert wanted(JSON, source="boiler") == [1]
    assert wanted(JSON, source="archive") == [2]
    assert wanted(TEXT, source="boi.er") == []


def test_the_file_before_comes_first(tmp_path: Path) -> None:
    """A log that has begun a new file is still one log."""
    log = tmp_path / "gateway.log"
    assert list(written(log)) == []
    log.write_text("2\n")
    log.with_name("gateway.log.1").write_text("0\n1\n\xff")
    assert deque(written(log), 2) == deque(["\xff", "2\n"])


def test_the_log_of_a_gateway(plant: Home) -> None:
    """The last lines, of what runs."""
    shown = plant.run("logs", "--lines", "1000")
    assert (shown.returncode, shown.stdout) == (0, plant.log)
    assert len(plant.run("show-logs", "--lines", "1").stdout.splitlines()) == 1
    assert plant.run("logs", "--level", "error").stdout == ""


def test_there_may_be_no_log(tmp_path: Path) -> None:
    """One that never ran in the background has none: exit code 3; one that did keeps it."""
    with Home(tmp_path) as home:
        none = home.run("logs")
        assert none.returncode == 3
        assert "there is no log file" in none.stderr
        home.start()
        home.run("stop")
        assert "stopped" in home.run("logs").stdout
        for record in (home.runtime / "gaugeway").iterdir():
            record.unlink()  # as after a start of the computer
        assert "stopped" in home.run("logs").stdout


def test_a_log_is_followed_into_its_next_file(tmp_path: Path) -> None:
    """What comes is shown as it comes, whatever file it goes to."""
    log = tmp_path / "state" / "gateway.log"
    log.parent.mkdir()
    log.write_text("2026-11-21 12:00:00 info    before\n")
    with Home(tmp_path, PLAIN) as home:
        following = home.background("logs", "--follow", "--level", "info")
        assert following.stdout is not None
        assert following.stdout.readline() == "2026-11-21 12:00:00 info    before\n"
        until(lambda: _has_open(following.pid, log))
        with log.open("a") as file:
            file.write("2026-11-21 12:00:01 info    more\n2026-11-21 12:00:01 debug   less\n")
        assert following.stdout.readline().endswith("more\n")
        log.replace(log.with_name("gateway.log.1"))
        log.write_text("2026-11-21 12:00:02 info    in the next\n")
        assert following.stdout.readline().endswith("in the next\n")


def _has_open(process: int, file: Path) -> bool:
    """Tell whether a process stands at the end of a file."""
    for name in os.listdir(f"/proc/{process}/fd"):
        try:
            if os.readlink(f"/proc/{process}/fd/{name}") == str(file):
                return f"pos:\t{file.stat().st_size}" in Path(f"/proc/{process}/fdinfo/{name}").read_text()
        except FileNotFoundError:
            continue
    return False


@pytest.mark.parametrize("words", [("--level", "loud"), ("--lines", "many")])
def test_wrong_words(plant: Home, words: tuple[str, ...]) -> None:
    """Exit code 2."""
    assert plant.run("logs", *words).returncode == 2


def test_readings_for_the_terminal_are_not_in_the_log(tmp_path: Path) -> None:
    """A sink `console` would soon have pushed every event out of it."""
    with Home(tmp_path, PLAIN.replace("sinks:\n", "sinks:\n  screen: {type: console}\n")) as home:
        home.start()
        until(lambda: any(sink.name == "screen" and sink.taken > 2 for sink in home.report().sinks))
        assert all(line[20:27].strip() in ("info", "warning") for line in home.log.splitlines()), home.log
