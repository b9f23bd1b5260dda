"""What a local command gets to see, and what becomes of one that fails or does not end."""

import json
import logging
import os
import sys
import time
from pathlib import Path

import pytest
from tests.sinks.announce.kit import START, Plant, site

from gaugeway import Clock, ConfigError
from gaugeway_sinks.command import Command

WRITE = """
import os, sys, json
with open(sys.argv[1], "a") as file:
    told = {"arguments": sys.argv[2:], "event": json.load(sys.stdin), "environment": dict(os.environ)}
    file.write(json.dumps(told) + "\\n")
"""


def runs(folder: Path, program: str, *arguments: str, timeout: float = 20.0, attempts: int = 5) -> Plant[Command]:
    """Return a plant that runs a program of Python for each event."""
    file = folder / "program.py"
    file.write_text(program)
    command = (sys.executable, str(file), *arguments)
    return Plant(
        lambda site: Command(command=command, environment={"SIREN": "2"}, attempts=attempts, timeout=timeout, site=site)
    )


def test_a_command_is_told_of_an_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its arguments, which no shell reads, and by its standard input; it sees nothing of our environment."""
    monkeypatch.setenv("TOKEN_OF_THE_GATEWAY", "secret")
    out = tmp_path / "out"
    plant = runs(tmp_path, WRITE, str(out), "{sensor}; touch $HOME/x", "--value={value:.1f}")
    plant.read(86.0, 80.0)
    plant.deliver()
    raised, cleared = map(json.loads, out.read_text().splitlines())
    assert raised["arguments"] == ["t; touch $HOME/x", "--value=86.0"]
    assert (raised["event"]["event"], cleared["event"]["event"]) == ("raised", "cleared")
    assert raised["event"]["schema"] == "gaugeway.alert/1"
    assert set(raised["environment"]) - {"LC_CTYPE"} == {"PATH", "LANG", "SIREN"}


def test_a_failure_is_tried_again_and_in_the_end_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Three times, and then the next one has its turn."""
    program = "import sys, json; sys.exit(3 if json.load(sys.stdin)['event'] == 'raised' else 0)"
    plant = runs(tmp_path, program, attempts=3)
    plant.read(86.0, 80.0)
    assert plant.fails() == f"'{sys.executable}' ended with code 3"
    plant.fails()
    with caplog.at_level(logging.ERROR):
        plant.deliver()
    assert plant.sink.left_out == 1
    assert [record.getMessage() for record in caplog.records] == ["command failed, event left out"]


def test_a_command_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    """For as long as it takes: somebody can install it, and nothing is lost."""
    program = tmp_path / "siren"
    plant = Plant(lambda site: Command(command=(str(program),), attempts=1, site=site))
    plant.read(86.0)
    assert "No such file" in plant.fails()
    assert "No such file" in plant.fails()
    program.write_text(f"#!/bin/sh\necho told > {tmp_path}/told\n")
    program.chmod(0o700)
    plant.deliver()
    assert (tmp_path / "told").read_text() == "told\n"


def test_a_command_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    """Nothing of it is left that could hold a port or a modem."""
    pids = tmp_path / "pids"
    program = f"""
import os, subprocess, time
child = subprocess.Popen(["sleep", "600"])
open({str(pids)!r} + ".new", "w").write(f"{{os.getpid()}} {{child.pid}}")
os.rename({str(pids)!r} + ".new", {str(pids)!r})
time.sleep(600)
"""
    plant = runs(tmp_path, program, timeout=1.5)
    plant.read(86.0)
    assert plant.fails() == f"'{sys.executable}' did not end within 1.5 s and was killed"
    for pid in map(int, pids.read_text().split()):
        assert gone(pid)


def gone(pid: int) -> bool:
    """Wait until a process is no more, or only a name that its parent has not struck out yet."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        os.sched_yield()
    return False


def test_a_command_that_does_not_read_is_well(tmp_path: Path) -> None:
    """Not everything has to look at the event."""
    plant = runs(tmp_path, "pass")
    plant.read(86.0)
    plant.deliver()
    assert plant.sink.left_out == 0


@pytest.mark.parametrize(
    ("command", "environment", "words"),
    [
        ([], {}, "'command' begins with the program"),
        (["{sensor}"], {}, "'command' begins with the program"),
        (["siren", "{nix}"], {}, "'command': there is no {nix}"),
        (["siren", "\0"], {}, "the character 0 cannot be"),
        (["siren"], {"A=B": "c"}, "'environment' has names in it"),
    ],
)
def test_what_cannot_work_is_refused(command: list[str], environment: dict[str, str], words: str) -> None:
    """When it is made, in words."""
    with pytest.raises(ConfigError, match=words):
        Command(command=tuple(command), environment=environment, site=site(Clock(now=START)))
