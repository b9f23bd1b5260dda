"""`gaugeway health` answers at once: it imports nothing that takes long, also when there is nobody to ask."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.gateways import Home

SLOW = (
    "paho",
    "serial",
    "sqlite3",
    "yaml",
    "gaugeway_drivers",
    "gaugeway_sinks",
    "gaugeway_stages",
    "asyncio",
    "ssl",
    "msgspec",
    "logging",
    "argparse",
    "glob",
    "locale",
    "typing",
)


def imported(home: Home, *words: str) -> set[str]:
    """Return what a command imports."""
    script = f"import sys; from gaugeway.cli import main; main({list(words)!r}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], env=home.environment, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [("health",), ("health", "--json")])
def test_of_one_that_runs(plant: Home, words: tuple[str, ...]) -> None:
    """The daemon gathers and words everything; the command only carries it."""
    modules = imported(plant, *words, str(plant.config))
    assert modules.isdisjoint(SLOW)


def test_of_one_that_does_not_run(tmp_path: Path) -> None:
    """The record that it leaves tells all, without its configuration."""
    with Home(tmp_path) as home:
        modules = imported(home, "health", str(home.config))
        assert modules.isdisjoint(SLOW)
