"""Small disks for tests, in memory. Mounting one takes root; where that is not to be had, the test is skipped."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(at: Path, size: str) -> Generator[Path]:
    """Put a disk with so much room, such as `64k`, at a folder."""
    at.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "gaugeway-test", str(at)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting takes root")
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)
