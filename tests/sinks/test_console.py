"""Readings on the terminal."""

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from gaugeway import Reading
from gaugeway_sinks.console import Console, line

BATCH = [
    Reading("boiler_temp", 21.5, 1735689600.25, "°C", average=21.0, normal=0.25),
    Reading("tank", 0.0, 1735689601.0, quality="stale", more={"rate": 0.1 + 0.2}),
]
PRINTS = """
import sys
from gaugeway import Reading
from gaugeway_sinks.console import Console
console = Console(format=sys.argv[1])
for n in range(int(sys.argv[2])):
    console.consume([Reading("tank", float(n), 1735689600.0, "°C", quality="bad")])
print("the end", file=sys.stderr)
"""


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")


def test_a_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Time, sensor, value and unit, then what there is beside them; a good quality is not worth a word."""
    Console().consume(BATCH)
    assert capsys.readouterr().out.splitlines() == [
        "2025-01-01 00:00:00.250  boiler_temp                21.5 °C  average 21  normal 0.25",
        "2025-01-01 00:00:01.000  tank                          0   rate 0.3  stale",
    ]


@pytest.mark.parametrize(
    ("value", "shown"), [(75.01240996657948, "75.0124"), (12345678.9, "12345679"), (1e20, "1e+20")]
)
def test_as_many_digits_as_a_person_reads(value: float, shown: str) -> None:
    """And a meter's reading as it stands on the meter."""
    assert line(Reading("t", value, 0.0)).split()[3] == shown


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """The same lines as in a file."""
    Console(format="jsonl").consume(iter(BATCH))
    objects = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [item["sensor"] for item in objects] == ["boiler_temp", "tank"]
    assert objects[1]["rate"] == 0.1 + 0.2


@pytest.mark.parametrize("time", [float("inf"), 1e300, float("nan")])
def test_a_time_that_no_calendar_has(time: float) -> None:
    """It is shown as the number that it is."""
    assert line(Reading("t", 1.0, time)).startswith(repr(time))


def test_a_name_cannot_move_the_cursor() -> None:
    """Control characters in what others may have named are not sent to the terminal."""
    shown = line(Reading("a\x1b[2Jb\n", 1.0, 0.0, "\x07°C"))
    assert shown.isprintable()
    assert "a?[2Jb?" in shown


def test_a_terminal_that_cannot_show_a_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an encoding lacks is shown as a question mark."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    Console().consume(BATCH[:1])
    assert b"21.5 ?C" in raw.getvalue()


def test_colour_only_on_a_terminal(tmp_path: Path) -> None:
    """A person sees bad readings in colour; a pipe, and a person who wants none, get plain text."""
    plain = subprocess.run([sys.executable, "-c", PRINTS, "text", "1"], capture_output=True, check=True)
    assert b"\x1b" not in plain.stdout
    for wanted, extra in ((True, {"NO_COLOR": ""}), (False, {"NO_COLOR": "1"})):
        leader, follower = pty.openpty()
        subprocess.run(
            [sys.executable, "-c", PRINTS, "text", "1"],
            stdout=follower,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TERM": "xterm", **extra},
            check=True,
        )
        assert (b"\x1b[31m" in os.read(leader, 4096)) is wanted
        os.close(leader)
        os.close(follower)


def test_a_broken_pipe_ends_quietly() -> None:
    """When the reader leaves, the console falls silent and nothing else ends; no traceback at the exit either."""
    with subprocess.Popen(
        [sys.executable, "-c", PRINTS, "jsonl", "20000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b'{"sensor":"tank"')
        process.stdout.close()
        assert process.stderr.read() == b"the end\n"
    assert process.returncode == 0
