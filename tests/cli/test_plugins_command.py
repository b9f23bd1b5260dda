"""`gaugeway plugins` as a person and a script use it."""

import json
import subprocess
import sys
from pathlib import Path

STAGE = """
def fahrenheit(reading):
    reading.value = reading.value * 1.8 + 32
    return reading
"""


def plugins(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [sys.executable, "-m", "gaugeway", "plugins", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_drop_in_stands_beside_what_is_installed(tmp_path: Path) -> None:
    """Where its folder is named."""
    (tmp_path / "mine.py").write_text(STAGE)
    names = [one["name"] for one in json.loads(plugins("--folder", tmp_path, "--role", "stage", "--json").stdout)]
    assert {"fahrenheit", "average"} <= set(names)


def test_a_folder_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    """Nothing is listed, as if all were well."""
    for folder in (tmp_path / "nope", Path(__file__)):
        done = plugins("--folder", folder)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"there is no folder '{folder}'" in done.stderr


def test_a_name_that_is_not_known_is_told_by_the_exit_code() -> None:
    """For scripts that ask whether a plugin is installed."""
    assert plugins("average").returncode == 0
    done = plugins("avrage")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no plugin called 'avrage': did you mean 'average'?" in done.stderr


def test_a_plugin_of_ones_own_is_looked_for_in_its_folder(tmp_path: Path) -> None:
    """Who forgot to name it is reminded."""
    (tmp_path / "fahrenheit.py").write_text(STAGE)
    assert "--folder names the folder where your own are" in plugins("fahrenheit").stderr
    assert plugins("fahrenheit", "--folder", tmp_path).returncode == 0


def test_a_plugin_that_is_refused_is_told_by_the_exit_code(tmp_path: Path) -> None:
    """What can be used is listed, what cannot is told with the reason."""
    (tmp_path / "mine.py").write_text(STAGE)
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    done = plugins("--folder", tmp_path, "--role", "stage")
    assert done.returncode == 1
    assert "fahrenheit" in done.stdout
    assert "refused: plugin 'broken'" in done.stderr


def test_a_source_is_shown_in_full() -> None:
    """With what it takes of each of its sensors."""
    done = plugins("synthetic")
    assert (done.returncode, done.stderr) == (0, "")
    assert "amplitude" in done.stdout
    assert "`gaugeway check --explain file.keep` says" in plugins("file").stdout


def test_all_of_them_as_json() -> None:
    """Sources too."""
    found = {one["name"]: one["options"] for one in json.loads(plugins("--json").stdout)}
    assert "required" in found["serial"]["port"]


def test_a_name_that_was_nearly_right() -> None:
    """The right one is named."""
    assert "did you mean 'serial'?" in plugins("seril").stderr
