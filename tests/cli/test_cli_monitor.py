"""`gaugeway monitor` draws a running gateway in a terminal of any size, and leaves that as it was."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from tests.support.gateways import GAUGEWAY, Home
from tests.support.waiting import until

from gaugeway.cli.monitor.history import LEVELS, History, sparkline
from gaugeway.cli.monitor.view import FIXED, View

ESCAPES = re.compile(r"\x1b\[[?0-9;]*[a-zA-Z]")


class Terminal:
    """A terminal with a monitor in it, as one over ssh."""

    def __init__(self, home: Home, *words: str, columns: int = 80, rows: int = 24) -> None:
        self.pid, self._ours = pty.fork()
        if self.pid == 0:
            os.chdir(home.folder)
            command = (*GAUGEWAY, "monitor", *words, str(home.config))
            os.execve(command[0], command, {**home.environment, "TERM": "xterm"})
        self.resize(columns, rows)
        self.seen = ""
        self.code: int | None = None

    def resize(self, columns: int, rows: int) -> None:
        """Give it another size."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def screen(self) -> list[str]:
        """Return the lines of the last whole drawing, without colours."""
        self._look()
        whole = [drawing for drawing in self.seen.split("\x1b[H") if drawing.endswith("\x1b[J")]
        return ESCAPES.sub("", whole[-1]).split("\r\n") if whole else []

    def ended(self) -> bool:
        """Tell whether the monitor has ended, and take in what it said."""
        self._look()
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code is not None

    def close(self) -> None:
        """End it, if it has not."""
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._ours)

    @property
    def attributes(self) -> object:
        """How the terminal is set."""
        return termios.tcgetattr(self._ours)[:4]

    def _look(self) -> None:
        while select.select([self._ours], [], [], 0)[0]:
            try:
                piece = os.read(self._ours, 65536)
            except OSError:
                return
            if not piece:
                return
            self.seen += piece.decode(errors="replace")


@contextmanager
def monitor(home: Home, *words: str, columns: int = 80, rows: int = 24) -> Generator[Terminal]:
    """Run a monitor in a terminal."""
    terminal = Terminal(home, *words, columns=columns, rows=rows)
    try:
        yield terminal
    finally:
        terminal.close()


def test_it_draws_and_quits(plant: Home) -> None:
    """Every sensor with its course, in 80 columns and 24 rows; q ends it, and the terminal is as it was."""
    with monitor(plant, "--every", "0.1") as terminal:
        before = terminal.attributes
        until(lambda: any(level in "".join(terminal.screen()) for level in LEVELS[1:]))
        screen = terminal.screen()
        assert screen[0].startswith("plant1 is well: 2 sensors")
        assert [line.split()[0] for line in screen if line.startswith("boiler_")] == ["boiler_temp", "boiler_press"]
        assert max(map(len, screen)) <= 80
        assert len(screen) <= 24
        assert terminal.attributes != before
        terminal.type("q")
        until(terminal.ended)
        assert terminal.code == 0
        assert terminal.seen.endswith("\x1b[?25h\x1b[?1049l")
        assert terminal.attributes == before


@pytest.mark.parametrize(("columns", "rows"), [(40, 10), (132, 50), (20, 4)])
def test_it_fits_any_size(plant: Home, columns: int, rows: int) -> None:
    """Drawn anew as soon as the size has changed, never wider or higher than there is room."""
    with monitor(plant, "--every", "0.1") as terminal:
        until(lambda: len(terminal.screen()) > 1)
        terminal.resize(columns, rows)
        until(lambda: 1 < len(terminal.screen()) <= rows and max(map(len, terminal.screen())) <= columns)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_it_leaves_the_terminal_whatever_ends_it(plant: Home, number: signal.Signals) -> None:
    """Also a signal."""
    with monitor(plant) as terminal:
        before = terminal.attributes
        until(lambda: len(terminal.screen()) > 1)
        os.kill(terminal.pid, number)
        until(terminal.ended)
        assert terminal.attributes == before
        assert "\x1b[?1049l" in terminal.seen
        assert "Traceback" not in terminal.seen


def test_it_waits_for_a_gateway_that_goes(tmp_path: Path) -> None:
    """One that stops is told, and shown again when it is back."""
    with Home(tmp_path) as home:
        home.start()
        with monitor(home, "--every", "0.1") as terminal:
            until(lambda: len(terminal.screen()) > 1)
            home.run("stop")
            until(lambda: "no answer since" in "".join(terminal.screen()))
            home.start()
            until(lambda: "no answer" not in "".join(terminal.screen()))


def test_without_a_terminal_it_prints_lines(plant: Home) -> None:
    """One for each sensor that has something new to say."""
    done = plant.run("monitor", "--seconds", "0.3", "--every", "0.1")
    assert done.returncode == 0
    fields = [line.split() for line in done.stdout.splitlines()]
    assert {field[1] for field in fields} == {"boiler_temp", "boiler_press"}
    assert {field[4] for field in fields} == {"good"}
    assert "\x1b" not in done.stdout


def test_a_sparkline_goes_from_the_lowest_to_the_highest() -> None:
    """Eight steps; one value is in the middle, none is nothing."""
    assert sparkline([]) == ""
    assert sparkline([5.0]) == "▄"
    assert sparkline([0.0, 1, 2, 3, 4, 5, 6, 7]) == LEVELS
    assert sparkline([-1e300, 1e300]) == "▁█"
    assert sparkline([1.0, 2.0], "ab") == "ab"


def test_a_course_grows_with_what_is_new(plant: Home) -> None:
    """A sensor that says nothing new draws no further; the newest is on the right."""
    history, report = History(), plant.report()
    (temperature, _) = report.sensors
    history.note(report)
    history.note(report)
    assert history.sparkline("boiler", temperature.name, 4) == "   ▄"
    assert history.sparkline("boiler", "nobody", 4) == "    "


def test_a_long_list_is_scrolled(plant: Home) -> None:
    """Down to the last sensor and no further."""
    report = plant.report()
    many = tuple(msgspec.structs.replace(report.sensors[0], name=f"s{index}") for index in range(100))
    view = View()
    view.take(msgspec.structs.replace(report, sensors=many))
    view.scroll(1000)
    lines = view.lines(FIXED + 10, 24)
    assert len(lines) == 24
    assert any("s99 " in line for line in lines)
    assert not any("s9 " in line for line in lines)
    view.scroll(-1000)
    assert any("s0 " in line for line in view.lines(FIXED + 10, 24))
    view.lose("it does not answer")
    assert any("no answer since" in line for line in view.lines(80, 24))
