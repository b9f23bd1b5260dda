"""What the benchmarks share: a broker, a load, a child process whose cost is known exactly, and a table."""

import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

SENSORS = 50
CROSSING = 10_000
HERE = Path(__file__).parent
ROOT = HERE.parent


class Cost(NamedTuple):
    """What a child process has used, as the operating system accounts for it."""

    cpu: float
    peak_mb: float


@contextmanager
def mosquitto(folder: Path) -> Generator[int]:
    """Run a broker that queues without bound; yield its port."""
    program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        raise SystemExit("this benchmark needs a broker: apt install mosquitto")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = folder / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nsys_interval 1\n")
    process = subprocess.Popen([program, "-c", settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: _listens(port))
        yield port
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for(done: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise SystemExit("gave up waiting")
        time.sleep(0.01)


class Child:
    """A process that is measured: its own CPU time and peak memory, not those of its children."""

    def __init__(self, command: Sequence[str | Path]) -> None:
        self.began = time.monotonic()
        self._used: tuple[int, resource.struct_rusage] | None = None
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def cpu(self) -> float:
        """Return the CPU seconds used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> float:
        """Return the memory that is resident now."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def _peak(self) -> int:
        """Return the most KiB that were resident so far."""
        status = Path(f"/proc/{self.pid}/status").read_text().split()
        return int(status[status.index("VmHWM:") + 1]) if "VmHWM:" in status else 0

    def running(self) -> bool:
        """Tell whether it has not ended by itself."""
        if self._used is None:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self._used = status, used
        return self._used is None

    def kill(self) -> None:
        """Let it end without a chance to do anything."""
        os.kill(self.pid, signal.SIGKILL)
        self._used = os.wait4(self.pid, 0)[1:]
        self.end()

    def end(self) -> Cost:
        """Ask it to end, if it has not, and return what it has used.

        Of one that still runs the peak of memory is looked up before: what the operating system tells at the end is
        never less than what this process had when it started the other.
        """
        peak = 0
        if self._used is None:
            peak = self._peak()
            self._process.terminate()
            self._used = os.wait4(self.pid, 0)[1:]
        status, used = self._used
        self._process.returncode = os.waitstatus_to_exitcode(status)
        if self._process.stderr is not None and not self._process.stderr.closed:
            said = self._process.stderr.read().decode()
            self._process.stderr.close()
            if self._process.returncode not in (0, -9, -15, 130):
                sys.stderr.write(said)
        return Cost(used.ru_utime + used.ru_stime, (peak or used.ru_maxrss) * 1024 / 1e6)


def encoded(text: str) -> bytes:
    """Return a string as MQTT writes it."""
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def packet(kind: int, body: bytes) -> bytes:
    """Return an MQTT packet."""
    length, head = len(body), bytes([kind])
    while True:
        length, digit = divmod(length, 128)
        head += bytes([digit | (128 if length else 0)])
        if not length:
            return head + body


def message(number: int, when: float, value: float) -> bytes:
    """Return the PUBLISH packet, at QoS 1, of one reading."""
    sensor = number % SENSORS
    payload = b'{"sensor":"s%d","value":%.2f,"ts":%.4f}' % (sensor, value, when)
    mid = (number % 65535 + 1).to_bytes(2, "big")
    return packet(0x32, encoded(f"plant/{sensor}/telemetry") + mid + payload)


def usual_value(number: int, crossing: int = CROSSING) -> float:
    """Return a value in the middle of the range; one reading in so many crosses the threshold of the alarm."""
    return 55.0 if number % crossing == crossing - 1 else 20 + (number * 37 % 1000) / 50


def connect(port: int, name: str) -> socket.socket:
    """Return a connection that has been let in."""
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.sendall(packet(0x10, encoded("MQTT") + bytes([4, 2, 0, 0]) + encoded(name)))
    line.recv(4)
    return line


def publish(port: int, count: int, *, rate: float = 0.0, crossing: int = CROSSING) -> None:
    """Publish readings from a process of its own, as fast as the broker takes them or at a rate."""
    subprocess.run([sys.executable, HERE / "load.py", str(port), str(count), str(rate), str(crossing)], check=True)


@contextmanager
def workplace() -> Generator[Path]:
    """Yield a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gaugeway-bench-") as folder:
        yield Path(folder)


def lines(file: Path) -> int:
    """Return how many lines a file has; none if it is not there."""
    if not file.exists():
        return 0
    with file.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))


def middle(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table that also reads well in Markdown."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    print(f"\n### {title}\n")
    print("| " + " | ".join(cell.ljust(width) for cell, width in zip(head, widths, strict=True)) + " |")
    print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    for row in rows:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
