"""What the command line says of itself: readable in a terminal of 80 columns, and of use to who guesses."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from gaugeway.cli import COMMANDS, ELSEWHERE, main
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.folded import fold


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what is printed, also by a command that ends the process."""
    with suppress(SystemExit):
        main(arguments)
    return capsys.readouterr().out


def test_all_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Each once, in groups, with a word about it."""
    text = said(capsys, "--help")
    listed = [line.split()[0] for line in text.splitlines() if line.startswith("  ")]
    assert sorted([*listed, "show-logs"]) == sorted(COMMANDS)
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_the_terminal(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the example, which is to be copied, may be longer than a line."""
    monkeypatch.setenv("COLUMNS", "80")
    text, _, example = said(capsys, name, "--help").partition("\nExample:\n")
    assert max(map(len, text.splitlines())) <= 80
    assert example.split()[:2] in (
        ["gaugeway", name],
        ["sudo", "gaugeway"],
        ["sudo", "/opt/gaugeway/bin/gaugeway"],
    ) or (name == "show-logs")


def test_a_sentence_that_ends_a_line_goes_on_ending_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit codes stand on a line of their own, however wide the terminal is."""
    monkeypatch.setenv("COLUMNS", "90")
    assert "\nExit codes: 0 done, 1 refused," in said(capsys, "ack", "--help")


def test_help_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    """`gaugeway help check` says what `gaugeway check --help` says."""
    assert said(capsys, "help", "check") == said(capsys, "check", "--help")


@pytest.mark.parametrize(("typed", "meant"), [*ELSEWHERE.items(), ("helth", "health")])
def test_a_command_of_another_name_is_guessed(typed: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What other programs call it, and what was misspelt; above all, `status` starts nothing."""
    assert main([typed]) == exits.USAGE
    assert f"did you mean '{meant}'?" in capsys.readouterr().err
    assert meant in COMMANDS


def test_a_long_line_is_folded_below_what_it_says() -> None:
    """A name keeps its column for itself, a note its indentation; a short line stays as it is."""
    text = "  file   Writes readings to a file\n    as it was\n  assumed: every reading crosses"
    assert fold(text, 24).split("\n") == [
        "  file   Writes readings",
        "         to a file",
        "    as it was",
        "  assumed: every reading",
        "  crosses",
    ]


def test_a_scaffold_is_known_to_editors_and_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The schema takes in the plugin that comes with it; a name with a blank can be typed as it is shown."""
    folder = tmp_path / "my plant"
    assert f"gaugeway check '{folder}/gaugeway.yaml'" in said(capsys, "scaffold", str(folder))
    first = (folder / "gaugeway.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=gaugeway.schema.json"
    assert '"fahrenheit"' in (folder / "gaugeway.schema.json").read_text()
    with pytest.raises(SystemExit, match="2"):
        main(["scaffold", str(folder)])
    assert "is there already: name another folder" in capsys.readouterr().err


def test_ctrl_c_ends_a_command_quietly_while_it_is_imported() -> None:
    """Its first tenth of a second is spent on that, and a traceback says nothing to who changed his mind."""
    impatient = """
import signal, sys

class Impatient:
    def find_spec(self, name, path, target=None):
        if name == "gaugeway.cli.run":
            signal.raise_signal(signal.SIGINT)

from gaugeway.cli import main

sys.meta_path.insert(0, Impatient())
sys.exit(main())
"""
    ended = subprocess.run([sys.executable, "-c", impatient, "run"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (exits.INTERRUPTED, "", "")
