"""What the service may not do is tried from inside, by a plugin; what it has to be able to do, too."""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import cast

import pytest
from tests.system.systemd.machine import Machine
from tests.system.systemd.unit import CALM, SINKS, Unit

pytestmark = pytest.mark.root

PROBE = '''
# Nothing in here does harm even where it is not prevented: files are opened and not written, signals are number 0.
import ctypes, json, mmap, os, socket, sqlite3, ssl, tempfile, time
from pathlib import Path
from gaugeway import Reading, Tick, source

libc = ctypes.CDLL(None, use_errno=True)

def system(*call):
    """Make a system call through the C library; its error is raised."""
    function, *arguments = call
    if getattr(libc, function)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), function)

def writable_code():
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)

def set_user_bit():
    file = Path(os.environ["STATE_DIRECTORY"], "tool")
    file.write_text("")
    file.chmod(0o4755)

def open_to_write(path):
    os.close(os.open(path, os.O_WRONLY))

def open_raw(family, kind, protocol=0):
    socket.socket(family, kind, protocol).close()

def store():
    with sqlite3.connect(Path(os.environ["STATE_DIRECTORY"], "probe.db")) as database:
        database.execute("create table probe (a)")
    database.close()

def lowest_process():
    assert all(int(entry) >= os.getpid() for entry in os.listdir("/proc") if entry.isdecimal()), "sees others"

TRIED = {
    "write to /etc": lambda: open_to_write("/etc/gaugeway/gaugeway.yaml"),
    "write to its program": lambda: open_to_write("/opt/gaugeway/bin/gaugeway"),
    "write to /run": lambda: Path("/run/mine").write_text(""),
    "change the kernel": lambda: open_to_write("/proc/sys/kernel/hostname"),
    "write to the state of another": lambda: Path("/var/lib/other/file").write_text(""),
    "look into a home": lambda: os.listdir("/home/pi") or Path("/home/pi/diary").read_text(),
    "look into root's home": lambda: os.listdir("/root"),
    "read the secrets of root": lambda: Path("/etc/gaugeway/credentials/broker").read_text(),
    "read /etc/shadow": lambda: Path("/etc/shadow").read_text(),
    "see a file of others in /tmp": lambda: Path("/tmp/of-others").read_text(),
    "see the kernel's log": lambda: os.open("/dev/kmsg", os.O_RDONLY),
    "read the memory of the machine": lambda: os.open("/dev/mem", os.O_RDONLY),
    "open a device of another kind": lambda: os.open("/dev/other-device", os.O_RDWR),
    "make a device": lambda: os.mknod(os.environ["STATE_DIRECTORY"] + "/null", 0o20666, os.makedev(1, 3)),
    "see the process of another": lambda: Path("/proc/1/cmdline").read_bytes(),
    "kill the process of another": lambda: os.kill(1, 0),
    "become root": lambda: os.setuid(0),
    "make a file that makes root": set_user_bit,
    "mount": lambda: system("mount", b"tmpfs", b"/mnt", b"tmpfs", 0, None),
    "make a name space": lambda: system("unshare", 0x04000000),
    "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "set the host's name": lambda: socket.sethostname(socket.gethostname()),
    "restart the machine": lambda: system("reboot", 0),
    "load code into the kernel": lambda: system("syscall", 313, 0, b"", 0),
    "speak to the network card": lambda: open_raw(socket.AF_PACKET, socket.SOCK_RAW),
    "speak raw IP": lambda: open_raw(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "speak to the kernel's network": lambda: open_raw(socket.AF_NETLINK, socket.SOCK_RAW),
    "write code while running": writable_code,
    "run in real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
}
NEEDED = {
    "write its own state": lambda: Path(os.environ["STATE_DIRECTORY"], "mine").write_text("x"),
    "leave its socket": lambda: Path(os.environ["RUNTIME_DIRECTORY"], "mine").write_text("x"),
    "use a temporary file": lambda: tempfile.TemporaryFile().close(),
    "read sensors of the kernel": lambda: os.listdir("/sys/class") and os.listdir("/sys/bus"),
    "read its configuration": lambda: Path("/etc/gaugeway/gaugeway.yaml").read_text(),
    "speak TCP": lambda: open_raw(socket.AF_INET, socket.SOCK_STREAM),
    "speak TCP over IPv6": lambda: open_raw(socket.AF_INET6, socket.SOCK_STREAM),
    "ask for a name": lambda: socket.getaddrinfo("localhost", 1883),
    "encrypt": lambda: ssl.create_default_context(),
    "keep a database": store,
    "see the processes of its own user only": lowest_process,
    "use a pseudo-terminal": lambda: [os.close(one) for one in os.openpty()],
}

def outcome(attempt):
    try:
        attempt()
    except (OSError, AssertionError, ValueError) as error:
        return f"{type(error).__name__} {error}"
    return "done"

@source("probe")
class Probe:
    """Tries everything once and writes down what came of it."""

    ticks = True

    def __init__(self, *, only: list[str] | None = None):
        self.only = only

    def stream(self):
        came = {"tried": TRIED, "needed": NEEDED}
        only = set(self.only or [*TRIED, *NEEDED])
        came = {
            kind: {name: outcome(attempt) for name, attempt in those.items() if name in only}
            for kind, those in came.items()
        }
        Path(os.environ["STATE_DIRECTORY"], "outcome").write_text(json.dumps(came))
        yield Reading("probe", 1.0)
'''
VALUED = ("RestrictAddressFamilies", "ProtectProc")
DEVICE = """
import os, sys, time
from pathlib import Path
main, device = os.openpty()
name = os.ttyname(device)
os.chown(name, 0, int(sys.argv[2]))
os.chmod(name, 0o660)
Path(sys.argv[1]).symlink_to(name)
while True:
    os.write(main, b"T=21.5\\n")
    time.sleep(0.05)
"""


@contextmanager
def device(machine: Machine, path: str) -> Generator[None]:
    """Have a device on a pseudo-terminal, which as a serial port belongs to root and dialout."""
    machine.write("/run/device.py", DEVICE)
    dialout = machine.says("getent", "group", "dialout").split(":")[2]
    process = machine.start("python3", "/run/device.py", path, dialout)
    try:
        machine.until(lambda: machine.run("test", "-e", path, check=False).returncode == 0, "the device was there")
        yield
    finally:
        process.terminate()
        process.wait()


def probed(unit: Unit, only: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    """Return what came of everything that the probe tried."""
    prepare = """
        mkdir -p /home/pi /var/lib/other && echo secret >/home/pi/diary && chmod -R 777 /home/pi /var/lib/other
        echo theirs >/tmp/of-others && chmod 644 /tmp/of-others
        echo secret >/etc/gaugeway/credentials/broker && chmod 600 /etc/gaugeway/credentials/broker
        test -e /dev/other-device || { mknod /dev/other-device c 10 200 && chmod 666 /dev/other-device; }
        test -e /dev/mem || { mknod /dev/mem c 1 1 && chmod 666 /dev/mem; }
        test -e /dev/kmsg || { mknod /dev/kmsg c 1 11 && chmod 666 /dev/kmsg; }
    """
    unit.machine.run("sh", "-c", prepare)
    unit.plugin("probe", PROBE)
    unit.configure(f"\n  probe: {{type: probe, only: {json.dumps(list(only)) if only else 'null'}}}\n" + CALM)
    unit.systemctl("start")
    unit.machine.until(lambda: any(one["sensor"] == "probe" for one in unit.readings()), "the probe was done")
    return cast("dict[str, dict[str, str]]", json.loads(unit.machine.read(f"{unit.state}/outcome")))


def protections(unit: Unit) -> list[str]:
    """Return the switches of the sandbox that the unit turns on."""
    lines = [line.partition("=")[0] for line in unit.machine.read("/etc/systemd/system/gaugeway.service").splitlines()]
    return [name for name in lines if name.startswith(("Private", "Protect", "Restrict")) and name not in VALUED]


def test_what_the_service_may_not_do_fails_and_what_it_needs_works(unit: Unit) -> None:
    """Each attempt is made for real, from a plugin inside the service."""
    outcomes = probed(unit)
    assert {name: came for name, came in outcomes["tried"].items() if came == "done"} == {}
    assert {name: came for name, came in outcomes["needed"].items() if came != "done"} == {}
    assert len(outcomes["tried"]) == 29
    assert unit.machine.says("cat", "/etc/gaugeway/credentials/broker") == "secret"


def test_the_same_attempts_succeed_without_the_sandbox(unit: Unit) -> None:
    """So the test above proves something: as root, with nothing forbidden, most of it can be done."""
    names = [
        "become root", "look into a home", "make a file that makes root", "make a name space", "mount",
        "open a device of another kind", "read /etc/shadow", "see a file of others in /tmp",
        "see the process of another", "speak raw IP", "speak to the network card", "write code while running",
        "write to /run",
    ]  # fmt: skip
    no = dict.fromkeys(("LockPersonality", "MemoryDenyWriteExecute", "NoNewPrivileges", *protections(unit)), "no")
    gone = dict.fromkeys(("SystemCallFilter", "RestrictAddressFamilies", "DeviceAllow"), "")
    everything = {"CapabilityBoundingSet": "~", "DevicePolicy": "auto", "ProcSubset": "all", "ProtectProc": "default"}
    unit.set(User="root", Group="root", **everything, **gone, **no)
    assert probed(unit, names)["tried"] == dict.fromkeys(names, "done")


def test_a_serial_port_of_dialout_can_be_read(unit: Unit) -> None:
    """The driver opens a port that belongs to root and the group of serial ports."""
    port = """
  port:
    type: serial
    port: /run/sensor
    format: {type: keyvalue, fields: {room_temp: T}}
    sensors: {room_temp: {kind: temperature, unit: °C}}
"""
    unit.configure(port)
    with device(unit.machine, "/run/sensor"):
        unit.systemctl("start")
        unit.grows()
        assert unit.readings()[-1]["value"] == 21.5
        unit.systemctl("stop")


@pytest.mark.parametrize("kind", ["gaugeway.service", "gaugeway@.service"])
def test_the_unit_is_right_and_little_exposed(unit: Unit, kind: str) -> None:
    """By systemd's own judgement: no complaint, and an exposure of at most 1.5."""
    unit.machine.run("gaugeway", "install", "--no-start", "other")
    verified = unit.machine.run("systemd-analyze", "verify", kind.replace("@", "@other"), check=False)
    assert [line for line in (verified.stdout + verified.stderr).splitlines() if "gaugeway" in line] == []
    path = f"/etc/systemd/system/{kind}"
    judged = unit.machine.run("systemd-analyze", "security", "--offline=yes", "--threshold=15", path)
    assert "exposure level" in judged.stdout


def test_what_it_writes_can_be_read_by_its_group_only(unit: Unit) -> None:
    """An operator in the group `gaugeway` reads files and asks for health; others do neither."""
    unit.configure(rest=SINKS)
    unit.systemctl("start")
    unit.grows()
    names = unit.machine.says("find", unit.state, "/run/gaugeway", "-perm", "/o+rwx", "-not", "-type", "l")
    assert set(names.split()) <= {
        "/run/gaugeway",
        *unit.machine.says("find", "/run/gaugeway", "-name", "*.gateway").split(),
    }
    unit.machine.run("useradd", "ann")
    try:
        unit.machine.run("usermod", "-aG", "gaugeway", "ann")
        health = ("setpriv", "--reuid=ann", "--regid=ann")
        unit.machine.run(*health, "--init-groups", "gaugeway", "health")
        unit.machine.run(*health, "--init-groups", "cat", f"{unit.state}/readings.jsonl")
        assert unit.machine.run(*health, "--clear-groups", "gaugeway", "health", check=False).returncode == 1
        assert unit.machine.run(*health, "--clear-groups", "ls", unit.state, check=False).returncode != 0
    finally:
        unit.machine.run("userdel", "ann")


def test_a_folder_elsewhere_is_opened_by_a_setting_of_the_operator(unit: Unit) -> None:
    """As the guide says: without it the sink waits and names the fault, with it the readings go there."""
    unit.machine.run("install", "-d", "-o", "gaugeway", "/mnt/readings")
    unit.configure(rest="\nsinks: {archive: {type: file, path: /mnt/readings/here.jsonl}}\n")
    unit.systemctl("start")
    unit.machine.until(lambda: _says(unit, "Read-only file system"), "health named the fault")
    assert unit.machine.run("gaugeway", "health", check=False).returncode == 1
    unit.set(ReadWritePaths="/mnt/readings")
    unit.systemctl("restart")
    unit.machine.until(lambda: unit.machine.run("test", "-s", "/mnt/readings/here.jsonl", check=False).returncode == 0,
                       "readings were there")  # fmt: skip
    unit.machine.run("rm", "-r", "/mnt/readings")


def test_the_facts_of_an_event_are_fields_of_the_journal(unit: Unit) -> None:
    """It can be searched by them, from inside the sandbox too; a person reads one line, with no time of its own."""
    unit.configure("\n  probe: {type: serial, port: /dev/ttyNONE, format: {type: regex, pattern: 'T=(?P<t>.+)'}}\n")
    unit.systemctl("start")
    about = ["GAUGEWAY_SOURCE=probe", "PRIORITY=4"]
    unit.machine.until(lambda: "source waits" in unit.machine.journal(unit.name, *about), "the source waited")
    (line, *_) = unit.machine.journal(unit.name, *about).splitlines()
    assert line.startswith("source waits  source=probe reason=")
    shown = unit.machine.run("gaugeway", "logs", "--source", "probe", "--level", "warning").stdout
    assert f"gaugeway[{unit.pid}]: source waits  source=probe" in shown


def test_it_answers_over_http_if_it_is_asked_to(unit: Unit) -> None:
    """The sandbox lets it listen; nobody listens where the configuration does not say so."""
    unit.configure()
    unit.systemctl("start")
    assert unit.machine.says("ss", "-Hltn") == ""
    unit.configure(rest=SINKS + "http: {listen: 127.0.0.1:9273}\n")
    unit.systemctl("reload")
    unit.machine.until(lambda: _asked(unit, "/health").startswith("HTTP/1.1 200 OK"), "it answered")
    assert "\ngaugeway_healthy 1\n" in _asked(unit, "/metrics")


def test_without_the_folder_of_secrets_it_does_not_start_and_the_remedy_helps(unit: Unit) -> None:
    """It is made again at every start of the machine."""
    unit.configure()
    unit.machine.run("rm", "-r", "/etc/gaugeway/credentials")
    assert unit.systemctl("start", check=False).returncode != 0
    assert unit.show("ExecMainStatus") == "243"
    unit.systemctl("stop")
    unit.machine.run("systemd-tmpfiles", "--create", "gaugeway.conf")
    unit.systemctl("start")
    unit.grows()


def _asked(unit: Unit, path: str) -> str:
    """Return what is answered, by means that every Debian has."""
    ask = f"exec 3<>/dev/tcp/127.0.0.1/9273 && printf 'GET {path} HTTP/1.1\\r\\n\\r\\n' >&3 && cat <&3"
    return unit.machine.run("bash", "-c", ask, check=False).stdout


def _says(unit: Unit, words: str) -> bool:
    return words in unit.machine.run("gaugeway", "health", check=False).stdout
