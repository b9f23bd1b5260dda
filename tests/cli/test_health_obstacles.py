"""What stands in a gateway's way from outside is named by the text of `health` alone, with what to do about it."""

import os
import shutil
import subprocess
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest
import serial
from tests.support.adapter import Adapter
from tests.support.brokers import MOSQUITTO, Mosquitto
from tests.support.certificates import OPENSSL, Authority
from tests.support.disks import small_disk
from tests.support.gateways import PLAIN, Home
from tests.support.waiting import until

needs_root: Final = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
MAY_NOT: Final = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
"""Root without its rights: what is forbidden to users is forbidden to it too."""
CONFIG: Final = """
node: plant1
plugins: FOLDER/plugins
sources:
  held: {type: serial, port: FOLDER/held, format: {type: regex, pattern: 'T=(?P<t1>.+)'}, sensors: {t1: {}}}
  mixed:
    type: serial
    port: FOLDER/mixed
    format: {type: regex, pattern: 'T=(?P<t2>[-0-9.]+)'}
    sensors: {t2: {unit: °C, range: [-40, 125]}}
  asleep: {type: asleep, sensors: {t3: {}}}
  locked_out:
    type: mqtt
    broker: ADDRESS
    username: plant
    password: !secret broker
    topic: plant
    format: {type: json, sensor: sensor, value: value}
    sensors: {t4: {}}
  untrusted:
    type: mqtt
    broker: SECURED
    topic: plant
    format: {type: json, sensor: sensor, value: value}
    sensors: {t5: {}}
sinks:
  archive: {type: file, path: readings.jsonl}
"""
ASLEEP: Final = '''
import time
from gaugeway import Reading, Tick, source

@source("asleep")
class Asleep:
    """Says one thing and then does not come back."""

    ticks = True

    def stream(self):
        yield Reading("t3", 1.0)
        yield Tick()
        time.sleep(3600)
'''


class Obstructed(Home):
    """A gateway that cannot get at any of its devices and brokers."""

    def __init__(self, folder: Path, broker: Mosquitto, secured: str) -> None:
        config = CONFIG.replace("FOLDER", str(folder)).replace("ADDRESS", broker.address).replace("SECURED", secured)
        super().__init__(folder, config)
        (folder / "plugins").mkdir()
        (folder / "plugins" / "asleep.py").write_text(ASLEEP)
        (folder / "secrets.yaml").write_text("broker: an-old-password\n")
        (folder / "secrets.yaml").chmod(0o600)

    def said(self) -> str:
        """Return what health prints, in one line."""
        return " ".join(self.run("health").stdout.split())


@contextmanager
def brokers(folder: Path) -> Generator[tuple[Mosquitto, str]]:
    """Yield a broker that wants a password, and the address of its encrypted door."""
    certificate, key = Authority(folder).sign("server", "IP:127.0.0.1")
    passwords = folder / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "plant", "a-new-password"], check=True)
    with (
        Mosquitto(folder, f"password_file {passwords}", anonymous=False) as strict,
        Mosquitto(folder, f"certfile {certificate}", f"keyfile {key}") as secured,
    ):
        yield strict, secured.address.replace("mqtt:", "mqtts:")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Generator[Obstructed]:
    """A gateway with all of these obstacles, once health has found them all."""
    if MOSQUITTO is None or OPENSSL is None or shutil.which("mosquitto_passwd") is None:
        pytest.skip("mosquitto and openssl are not both installed")
    folder = tmp_path_factory.mktemp("obstructed")
    with ExitStack() as stack:
        stack.enter_context(Adapter(folder / "held"))
        mixed = stack.enter_context(Adapter(folder / "mixed"))
        stack.enter_context(serial.Serial(str(folder / "held"), exclusive=True))
        home = stack.enter_context(Obstructed(folder, *stack.enter_context(brokers(folder))))
        home.start()
        until(lambda: home.report().sources[1].state == "running")
        mixed.send(b"\nT=21.5\nT=21.6\nT=21.7\n\x00\xff\xfe#!\nT=-127\n")
        until(lambda: "asleep' hangs" in home.said() and "could not read 1 of the last 5 lines" in home.said())
        yield home


@pytest.fixture(scope="module")
def said(home: Obstructed) -> str:
    """What health prints."""
    return home.said()


def test_a_port_that_another_program_has(said: str, home: Obstructed) -> None:
    """A terminal that was left open: which port, and how to find out who has it."""
    assert "! source 'held' waits since" in said
    assert f"port {home.folder}/held is held by another program: stop that one (`fuser -v` shows it)" in said
    assert "it is tried again in" in said


def test_a_wrong_password(said: str) -> None:
    """Whose, at which broker, and where to correct it; the password itself is not told."""
    assert "! source 'locked_out' waits since" in said
    assert "does not let in user 'plant': check 'username' and 'password'" in said
    assert "an-old-password" not in said


def test_a_certificate_that_nobody_vouches_for(said: str) -> None:
    """Which broker's, why, and the option that mends it."""
    assert "! source 'untrusted' waits since" in said
    assert "is refused (unable to get local issuer certificate): 'ca_file' names the authority that signed it" in said


def test_a_driver_that_does_not_come_back(said: str) -> None:
    """Since when, where in its code, and what helps."""
    assert "! source 'asleep' hangs since" in said
    assert "in stream (plugins/asleep.py:14)" in said
    assert "`gaugeway restart` helps for the moment" in said


def test_a_device_that_sends_garbage_now_and_then(said: str) -> None:
    """How much of it, what is wrong with it, and where it is shown; it is no fault of the gateway."""
    assert "- source 'mixed' could not read 1 of the last 5 lines (1 no match)" in said
    assert "`gaugeway logs --source mixed` shows what came" in said


def test_a_sensor_that_says_what_cannot_be(said: str) -> None:
    """A probe whose wire is broken says -127: which sensor, what it says, and what it can measure."""
    assert "- the last value of sensor 't2', -127 °C, lies outside its range, -40 to 125" in said
    assert "is it broken or disconnected, or is its `range` wrong?" in said


def test_what_is_shown_there(home: Obstructed) -> None:
    """The start of what could not be read."""
    assert "#!" in home.run("logs", "--source", "mixed").stdout


def test_a_clock_that_was_never_set(tmp_path: Path) -> None:
    """A computer without a battery for its clock, before a time server has answered."""
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not installed")
    with Home(tmp_path, PLAIN) as home:
        home.prefix = ["faketime", "-m", "-f", "@2020-01-01 12:00:00", *home.prefix]
        home.environment |= {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        home.background("run")
        until(lambda: home.alive and "has not been set" in home.run("health").stdout)
        said = " ".join(home.run("health").stdout.split())
        assert "- the clock of this computer has not been set since it started" in said
        assert "does `timedatectl` say that a time service is active?" in said
        assert "NOT SET" in said


def test_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    """Which one, how full, and how to find out by what; with room again, nothing is said any more."""
    storage = f"storage: {{dir: {tmp_path}/disk/state, journal_size: 8MiB}}\n"
    with small_disk(tmp_path / "disk", "64m"), Home(tmp_path, storage + PLAIN) as home:
        filler = tmp_path / "disk" / "filler"
        filler.write_bytes(bytes(64_000_000))
        home.start()
        said = " ".join(home.run("health").stdout.split())
        assert f"! the disk with {tmp_path}/disk/state is nearly full:" in said
        assert f"make room (`du -xh {tmp_path}/disk/state` shows what is large)" in said
        filler.unlink()
        assert home.run("health").returncode == 0


def closed(folder: Path) -> None:
    folder.mkdir(mode=0o500)


def closed_within(folder: Path) -> None:
    (folder / "intake").mkdir(parents=True)
    (folder / "intake").chmod(0o500)


def foreign(folder: Path) -> None:
    folder.mkdir()
    (folder / "state.db").touch(mode=0o600)
    os.chown(folder / "state.db", 65534, -1)


@needs_root
@pytest.mark.parametrize(
    ("obstacle", "says"),
    [
        (closed, "nobody may write to STATE; `chmod -R u+rwX STATE` mends that"),
        (closed_within, "nobody may write to STATE/intake; `chmod -R u+rwX STATE` mends that"),
        (foreign, "by the user root: STATE/state.db belongs to nobody; `sudo chown -R root STATE` mends that"),
    ],
)
def test_a_state_folder_that_may_not_be_written(tmp_path: Path, obstacle: Callable[[Path], None], says: str) -> None:
    """As after a `sudo gaugeway run` by mistake: it does not start, and health tells why as `start` did."""
    if shutil.which("setpriv") is None:
        pytest.skip("root is kept from nothing without setpriv")
    with Home(tmp_path, PLAIN) as home:
        home.prefix = [*MAY_NOT, *home.prefix]
        obstacle(tmp_path / "state")
        failed = home.run("start")
        assert failed.returncode == 78
        told = home.run("health")
        assert told.returncode == 3
        for text in (failed.stderr, told.stdout):
            assert f"the storage folder {tmp_path}/state cannot be used" in text
            assert says.replace("STATE", f"{tmp_path}/state") in text
        subprocess.run(["chown", "-R", "root", tmp_path / "state"], check=True)
        subprocess.run(["chmod", "-R", "u+rwX", tmp_path / "state"], check=True)
        home.start()
        assert home.run("health").returncode == 0
