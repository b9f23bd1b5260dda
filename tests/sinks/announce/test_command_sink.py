"""What a local command gets to see, and what becomes of one that fails or does not end."""

import json
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from tests.sinks.announce.kit import Plant, site
from tests.support.waiting import until

from gaugeway import ConfigError
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
    caplog.clear()
    with caplog.at_level(logging.ERROR):
        plant.deliver()
    assert plant.sink.report() == {"left_out": 1, "refusal": ""}, "the second was taken"
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


def lasting(pids: Path, timeout: float) -> Plant[Command]:
    """Return a plant whose command and its child do not end; who they are stands in a file once both are there."""
    program = f"sleep 600 & echo $$ $! > {pids}.new; mv {pids}.new {pids}; wait"
    command = ("/bin/sh", "-c", program)
    return Plant(lambda site: Command(command=command, attempts=1000, timeout=timeout, site=site))


def gone(pid: int) -> bool:
    """Tell whether a process is no more, or only a name that its parent has not struck out yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_command_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    """Nothing of it is left that could hold a port or a modem."""
    pids = tmp_path / "pids"
    plant = lasting(pids, timeout=0.3)
    plant.read(86.0)
    while not pids.exists():
        assert plant.fails() == "'/bin/sh' did not end within 0.3 s and was killed"
    for pid in map(int, pids.read_text().split()):
        until(partial(gone, pid), "the process is killed")


def test_a_command_ends_with_the_sink(tmp_path: Path) -> None:
    """Who stops the gateway does not leave it behind; the event waits in the outbox."""
    pids = tmp_path / "pids"
    plant = lasting(pids, timeout=600.0)
    plant.read(86.0)
    with ThreadPoolExecutor(1) as sender:
        failure = sender.submit(plant.fails)
        until(pids.exists, "the command runs")
        plant.sink.close()
        assert failure.result() == "'/bin/sh' was ended by the signal 9"
    for pid in map(int, pids.read_text().split()):
        until(partial(gone, pid), "the process is killed")


def test_a_command_that_does_not_read_is_well(tmp_path: Path) -> None:
    """Not everything has to look at the event."""
    plant = runs(tmp_path, "pass")
    plant.read(86.0)
    plant.deliver()
    assert plant.sink.report() == {"left_out": 0, "refusal": ""}


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
        Command(command=tuple(command), environment=environment, site=site())
