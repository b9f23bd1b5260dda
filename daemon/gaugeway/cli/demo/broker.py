"""A broker for the length of the demo: mosquitto where it is installed, else one from Python's package index."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gaugeway.errors import ConfigError, DeviceError

PATIENCE: Final = 10.0
SETTINGS: Final = """listener {port} 127.0.0.1
allow_anonymous true
persistence false
"""


@contextmanager
def broker(folder: Path) -> Generator[tuple[str, int]]:
    """Run a broker on a free port of the loopback interface; yield its name and port."""
    port = free_port()
    program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if program is None:
        with _embedded(port):
            yield "iotcore", port
        return
    settings = folder / "mosquitto.conf"
    settings.write_text(SETTINGS.format(port=port))
    process = subprocess.Popen([program, "-c", settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_listening(port)
        yield "mosquitto", port
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextmanager
def _embedded(port: int) -> Generator[None]:
    try:
        from iotcore import Broker  # noqa: PLC0415  (an extra: needed here only)
    except ImportError:
        raise ConfigError(
            "the demo needs a broker: install mosquitto (sudo apt install mosquitto) or pip install 'gaugeway[demo]'"
        ) from None
    with Broker(port=port, listen="127.0.0.1"):
        _wait_until_listening(port)
        yield


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_listening(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise DeviceError(f"the demo's broker does not answer on port {port}")
