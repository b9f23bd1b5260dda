"""The README is true: its configuration has no mistake, its commands exist and do what stands beside them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gaugeway.cli import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
README = PAGES[0].read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def gaugeway(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder."""
    command = [sys.executable, "-m", "gaugeway", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_the_configuration_passes_check(tmp_path: Path) -> None:
    """The smallest useful configuration is one."""
    (text,) = (text for kind, text in BLOCKS if kind == "yaml")
    (tmp_path / "gateway.yaml").write_text(text, encoding="utf-8")
    done = gaugeway(tmp_path, "check", "gateway.yaml")
    assert done.returncode == 0, done.stderr


def test_the_mistake_is_shown_as_it_says(tmp_path: Path) -> None:
    """The sample of an error message is what `check` prints."""
    (text,) = (text for kind, text in BLOCKS if kind == "yaml")
    (tmp_path / "plant").mkdir()
    (tmp_path / "plant/gaugeway.yaml").write_text(text.replace("baud:", "boud:"), encoding="utf-8")
    said = gaugeway(tmp_path, "check", "plant/gaugeway.yaml")
    shown = README.split("all of them at once:\n\n```\n")[1].split("```")[0]
    assert shown.splitlines() == said.stderr.splitlines()[:3]
    assert said.returncode == 78


def test_every_command_of_the_table_exists() -> None:
    """Nobody is sent to a command that is not there."""
    named = set(re.findall(r"^\| `gaugeway ([\w-]+)", README, re.MULTILINE))
    assert named
    assert named <= set(COMMANDS)


def test_the_tour_can_be_walked(tmp_path: Path) -> None:
    """Scaffold, check: what the folder holds works at once."""
    assert gaugeway(tmp_path, "scaffold", "plant").returncode == 0
    assert gaugeway(tmp_path, "check", "plant/gaugeway.yaml").returncode == 0


def test_the_plugin_is_accepted(tmp_path: Path) -> None:
    """The plugin of the README works as a file of its own."""
    (text,) = (text for kind, text in BLOCKS if kind == "python")
    (tmp_path / "fahrenheit.py").write_text(text, encoding="utf-8")
    assert "fahrenheit" in gaugeway(tmp_path, "plugins", "--folder", str(tmp_path)).stdout


def test_every_file_that_is_named_is_there() -> None:
    """No link leads nowhere."""
    assert [name for name in re.findall(r"\]\(([^)#:]+)\)", README) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_every_page_names_what_there_is(page: Path) -> None:
    """Commands, and files: those that are linked, and those whose path stands in the text."""
    text = page.read_text(encoding="utf-8")
    commands = set(re.findall(r"`(?:sudo )?gaugeway ([a-z][\w-]*)", text))
    assert commands <= set(COMMANDS), page
    linked = [name for name in re.findall(r"\]\(([^)#:]+)\)", text) if "/" in name or name.endswith(".md")]
    named = re.findall(
        r"(?<![\w/])(?:tests|benchmarks|docs|configs|daemon|systemd)/[\w/.-]+\.(?:py|md|yaml|service)", text
    )
    lost = [name for name in linked if not (page.parent / name).exists()]
    assert lost + [name for name in named if not (ROOT / name).exists()] == []
