"""The log file of a gateway in the background takes all that is said, and never grows beyond its bound."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os, sys
from pathlib import Path
from gaugeway.service.logfile import LogFile
{body}
"""


def run(tmp_path: Path, body: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines in a process of their own, because they take its output away."""
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(body=body), str(tmp_path)], capture_output=True, text=True, check=False
    )


def test_everything_said_goes_there(tmp_path: Path) -> None:
    """By Python, libraries and children; what is shown to who looks on is not. Before and after it is as it was."""
    body = """
print("before")
with LogFile(Path(sys.argv[1])):
    print("a reading")
    print("by python", file=sys.stderr)
    os.system("echo a reading; echo by a child >&2")
print("after")
"""
    done = run(tmp_path, body)
    assert (done.stdout, done.stderr) == ("before\nafter\n", "")
    lines = (tmp_path / "gateway.log").read_text().splitlines()
    assert sorted(lines) == ["by a child", "by python"]


def test_an_error_before_it_is_let_go_is_told_to_who_started_it(tmp_path: Path) -> None:
    """What prevents the start stands on the terminal; what ends a gateway that ran stands in its log."""
    body = """
with LogFile(Path(sys.argv[1])) as output:
    {let_go}
    raise SystemExit("no start")
"""
    assert run(tmp_path, body.replace("{let_go}", "")).stderr == "no start\n"
    assert run(tmp_path, body.replace("{let_go}", "output.let_go()")).stderr == ""
    assert (tmp_path / "gateway.log").read_text() == "no start\n"


def test_it_has_a_bound(tmp_path: Path) -> None:
    """A full file becomes the one before, of which there is one; nothing but the oldest is lost."""
    body = """
with LogFile(Path(sys.argv[1]), 1000) as output:
    for number in range(100):
        print(f"{number:099d}", file=sys.stderr)
        output.turn_if_full()
"""
    assert run(tmp_path, body).stderr == ""
    assert sorted(os.listdir(tmp_path)) == ["gateway.log", "gateway.log.1"]
    kept = [int(line) for name in ("gateway.log.1", "gateway.log") for line in (tmp_path / name).read_text().split()]
    assert kept == list(range(90, 100))
    assert (tmp_path / "gateway.log").stat().st_mode & 0o777 == 0o640
