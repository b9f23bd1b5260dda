"""`gaugeway check`, `schema`, `upgrade` and `scaffold` as a person uses them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gaugeway.delivery.lock import Lock

CONFIGS = Path(__file__).parents[2] / "configs"
GATEWAY = """\
# a comment that stays
sources:
  made_up: {type: synthetic, every: 50ms, sensors: {a: {kind: flow, unit: L/min}, b: {kind: flow, unit: L/min}}}
sinks:
  screen: {type: console}
"""


def gaugeway(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command."""
    command = [sys.executable, "-m", "gaugeway", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A small configuration."""
    path = tmp_path / "gateway.yaml"
    path.write_text(GATEWAY, encoding="utf-8")
    return path


def test_a_good_file_is_drawn_with_its_cost(file: Path) -> None:
    """The pipelines, and what they cost at the worst."""
    done = gaugeway("check", file)
    assert done.returncode == 0
    for wanted in ("made_up", "screen", "written to disk", "Nothing is wrong."):
        assert wanted in done.stdout


def test_a_folder_stands_for_the_file_in_it(tmp_path: Path) -> None:
    """For every command alike; where nothing is named, it is the file of the folder that one is in."""
    (tmp_path / "gaugeway.yaml").write_text(GATEWAY, encoding="utf-8")
    for command in ("check", "test", "upgrade"):
        assert gaugeway(command, tmp_path).returncode == 0, command
    missing = gaugeway("check", "no-such-gateway")
    assert missing.returncode == 2
    assert "no file and no gateway called 'no-such-gateway'" in missing.stderr


def test_a_bad_file_ends_with_78_and_says_how_many_mistakes_there_are(file: Path) -> None:
    """All of them, at their places, on standard error."""
    file.write_text(GATEWAY.replace("every", "evry").replace("console", "consol"), encoding="utf-8")
    done = gaugeway("check", file)
    assert done.returncode == 78
    assert done.stdout == ""
    assert "2 mistakes to mend" in done.stderr


def test_a_warning_is_not_called_nothing(file: Path) -> None:
    """It runs, and something is doubtful all the same."""
    (file.parent / "plugins").mkdir()
    (file.parent / "plugins" / "broken.py").write_text("import nothing_of_this_name\n")
    file.write_text(GATEWAY + "plugins: plugins\n", encoding="utf-8")
    done = gaugeway("check", file)
    assert done.returncode == 0
    assert done.stdout.endswith("\nIt runs as it is, with 1 warning: see above.\n")


def test_json_tells_problems_and_cost(file: Path) -> None:
    """For programs."""
    found = json.loads(gaugeway("check", file, "--json").stdout)
    assert found["well"] is True
    assert found["cost"]["sensors"] == 2


def test_live_shows_a_first_reading_of_each_sensor(file: Path) -> None:
    """The sources are opened for real."""
    done = gaugeway("check", file, "--live")
    assert done.returncode == 0, done.stdout
    assert "made_up: running" in done.stdout
    assert all(f"\n  {name}  " in done.stdout for name in "ab")


def test_live_shows_what_could_not_be_read(file: Path) -> None:
    """So that the format can be put right; nothing else is printed."""
    (file.parent / "rows.csv").write_text("time,a\nnever,three\n")
    file.write_text(
        "sources: {s: {type: csv, path: rows.csv, sensors: {a: {kind: flow, unit: L/min}}}}\n"
        "sinks: {screen: {type: console}}\n"
    )
    done = gaugeway("check", file, "--live")
    assert (done.returncode, done.stderr) == (1, "")
    assert "such as: never,three" in done.stdout


def test_live_tells_a_mistake_that_only_the_file_shows_in_a_sentence(file: Path) -> None:
    """And no traceback, which is for who writes drivers."""
    (file.parent / "rows.csv").write_text("t1,t2\n1,2\n")
    file.write_text(
        "sources: {s: {type: csv, path: rows.csv, format: {sensor: name, value: v},"
        " sensors: {a: {kind: flow, unit: L/min}}}}\nsinks: {screen: {type: console}}\n"
    )
    done = gaugeway("check", file, "--live")
    assert (done.returncode, done.stderr) == (1, "")
    assert "has no column 'name'" in done.stdout


def test_live_leaves_a_gateway_alone_that_runs(file: Path) -> None:
    """And says where its readings can be seen."""
    (file.parent / "state").mkdir()
    with Lock(file.parent / "state"):
        done = gaugeway("check", file, "--live")
    assert done.returncode == 78
    assert "`gaugeway monitor`" in done.stderr


def test_explain_tells_of_a_key_and_of_a_slip() -> None:
    """Without any file."""
    assert "Bits a second" in gaugeway("check", "--explain", "serial.baud").stdout
    slip = gaugeway("check", "--explain", "serial.boud")
    assert slip.returncode == 2
    assert "did you mean" in slip.stderr


def test_resolved_shows_defaults_and_hides_secrets(file: Path) -> None:
    """With the place where each value comes from."""
    (file.parent / "secrets.yaml").write_text("word: hush-hush\n")
    (file.parent / "secrets.yaml").chmod(0o600)
    alert = "  phone: {type: alert, username: u, password: !secret word}\n"
    file.write_text(GATEWAY + alert, encoding="utf-8")
    done = gaugeway("check", file, "--resolved")
    assert done.stdout.startswith("storage:\n"), "it can be kept as a file"
    assert "# default" in done.stdout
    assert "***" in done.stdout
    assert "hush-hush" not in done.stdout + done.stderr


def test_schema_is_json_that_knows_the_plugins() -> None:
    """What editors read."""
    found = json.loads(gaugeway("schema").stdout)
    assert "sources" in found["properties"]
    assert '"baud"' in json.dumps(found)


def test_a_schema_of_plugins_that_are_not_there_is_wrong_usage(tmp_path: Path) -> None:
    """An editor would go on without them."""
    done = gaugeway("schema", "--folder", tmp_path / "nope")
    assert (done.returncode, done.stdout) == (2, "")


def test_upgrade_keeps_comments_and_the_old_text(file: Path) -> None:
    """In place, with the old file beside it."""
    assert gaugeway("upgrade", file).returncode == 0
    assert file.read_text().startswith("# a comment that stays\nversion: 1\n")
    assert (file.parent / "gateway.yaml.old").read_text() == GATEWAY
    assert gaugeway("check", file).returncode == 0


@pytest.mark.parametrize("source", ["synthetic", "serial", "mqtt", "csv"])
def test_a_scaffold_passes_check_and_its_own_tests(tmp_path: Path, source: str) -> None:
    """Whatever is connected."""
    assert gaugeway("scaffold", tmp_path / "plant", "--source", source).returncode == 0
    assert gaugeway("check", tmp_path / "plant/gaugeway.yaml").returncode == 0
    assert gaugeway("test", tmp_path / "plant/gaugeway.yaml").returncode == 0
    assert (tmp_path / "plant/secrets.yaml").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("word", "source"), [("--port", "serial"), ("--file", "csv")])
def test_a_scaffold_is_for_what_is_named(tmp_path: Path, word: str, source: str) -> None:
    """A port is not forgotten because nobody said that it is a serial one; what contradicts it is wrong usage."""
    assert gaugeway("scaffold", tmp_path / "plant", word, "/dev/pts/7").returncode == 0
    text = (tmp_path / "plant/gaugeway.yaml").read_text()
    assert f"type: {source}\n" in text
    assert ": /dev/pts/7\n" in text
    done = gaugeway("scaffold", tmp_path / "other", "--source", "mqtt", word, "/dev/pts/7")
    assert done.returncode == 2
    assert f"{word} goes with --source {source}, not with mqtt" in done.stderr
    assert not (tmp_path / "other").exists()


def test_a_scaffold_takes_a_broker_by_its_name(tmp_path: Path) -> None:
    """Its address begins with mqtt:// in the file."""
    assert gaugeway("scaffold", tmp_path / "plant", "--source", "mqtt", "--broker", "cellar.local").returncode == 0
    assert (tmp_path / "plant/gaugeway.yaml").read_text().count("broker: mqtt://cellar.local\n") == 2
    assert gaugeway("check", tmp_path / "plant").returncode == 0


def test_a_scaffold_never_overwrites(tmp_path: Path) -> None:
    """What is there stays."""
    gaugeway("scaffold", tmp_path / "plant")
    (tmp_path / "plant/gaugeway.yaml").write_text("mine")
    assert gaugeway("scaffold", tmp_path / "plant").returncode == 2
    assert (tmp_path / "plant/gaugeway.yaml").read_text() == "mine"
