"""What a configuration seems to name is there before it is read, and nothing else is."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

import pytest

from gaugeway.service.loading import Loading
from gaugeway.service.preloading import preload

PROGRAM: Final = """
import sys
from pathlib import Path
from gaugeway.service.preloading import preload

preload(Path(sys.argv[1]))
print(*sys.modules)
"""
CONSOLE: Final = """
sources: {s: {type: synthetic, sensors: {a: {kind: flow, unit: L/min}}}}
sinks: {c: {type: console}}  # or csv, or alert
"""


def imported(file: Path) -> set[str]:
    """Return the modules of built-in plugins that are imported for a file."""
    program = [sys.executable, "-c", PROGRAM, str(file)]
    said = subprocess.run(program, capture_output=True, text=True, check=True).stdout.split()
    return {name for name in said if name.startswith(("gaugeway_drivers.", "gaugeway_stages.", "gaugeway_sinks."))}


def test_what_it_names_is_imported(tmp_path: Path) -> None:
    """Whatever stands in a comment is not."""
    file = tmp_path / "gateway.yaml"
    file.write_text(CONSOLE)
    found = imported(file)
    assert {"gaugeway_drivers.synthetic", "gaugeway_sinks.console"} <= found
    assert found.isdisjoint({"gaugeway_drivers.csv", "gaugeway_sinks.alert", "gaugeway_drivers.serial"})


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00type: nothing", b"type: no_such_plugin\n"])
def test_a_file_that_names_none(tmp_path: Path, content: bytes) -> None:
    """What is wrong with it is for others to say."""
    file = tmp_path / "gateway.yaml"
    file.write_bytes(content)
    assert imported(file) == set()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Nor is a folder any."""
    assert imported(tmp_path / "gateway.yaml") == imported(tmp_path) == set()


def test_a_pipe_is_left_to_its_reader(tmp_path: Path) -> None:
    """It can be read only once."""
    pipe = tmp_path / "gateway.yaml"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(CONSOLE,))
    preload(pipe)
    with Loading(pipe) as loading:
        writer.start()
        plan, _ = loading.end()
    writer.join()
    assert [sink.type for sink in plan.sinks] == ["console"]
