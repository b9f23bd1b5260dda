"""A test that leaves something behind fails, whatever it asserts."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

CONFTEST = Path(__file__).parent / "conftest.py"
TESTS = """
    import subprocess, threading

    KEPT = []

    def test_thread():
        threading.Thread(target=threading.Event().wait, daemon=True).start()

    def test_file():
        KEPT.append(open(__file__))

    def test_child():
        KEPT.append(subprocess.Popen(["sleep", "60"]))

    def test_child_that_nobody_waited_for():
        KEPT.append(subprocess.Popen(["true"]))

    def test_clean(tmp_path, capfd):
        thread = threading.Thread(target=threading.Event().wait, args=(0.05,))
        thread.start()
        subprocess.run(["true"])
        with open(tmp_path / "file", "w") as file:
            file.write("x")
        print("output")

    def test_last():
        for process in KEPT[1:]:
            process.kill()
            process.wait()
        KEPT[0].close()
"""


def test_what_is_left_behind_fails_the_test_that_left_it(tmp_path: Path) -> None:
    """A thread, a file, a child, a dead child; what was there before, or ends by itself, is no offence."""
    (tmp_path / "conftest.py").write_text(
        CONFTEST.read_text().replace("PATIENCE: Final = 5.0", "PATIENCE: Final = 0.5")
    )
    (tmp_path / "test_leaky.py").write_text(dedent(TESTS))
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", str(tmp_path)],
        capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False,
    )  # fmt: skip
    failed = [line.split("::")[1].split()[0] for line in run.stdout.splitlines() if line.startswith("ERROR ")]
    assert failed == ["test_thread", "test_file", "test_child", "test_child_that_nobody_waited_for"]
    assert "6 passed, 4 errors" in run.stdout
