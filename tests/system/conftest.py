"""Tests that need root: asked for with --run-root, on Debian."""

import os
import shutil

import pytest

NEEDED = ("systemd-nspawn", "systemd-analyze", "nsenter", "chroot")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the word that such tests are wanted."""
    parser.addoption("--run-root", action="store_true", default=False, help="run what needs root (tests/system)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs root, unless it is asked for; then whatever is missing is told."""
    if config.getoption("--run-root", default=False):
        missing = [command for command in NEEDED if shutil.which(command) is None]
        reason = f"{', '.join(missing)}: not installed" if missing else "needs root" if os.geteuid() != 0 else ""
    else:
        reason = "needs root and Debian's packages: pytest -m root --run-root tests/system"
    for item in items if reason else ():
        if item.get_closest_marker("root"):
            item.add_marker(pytest.mark.skip(reason=reason))
