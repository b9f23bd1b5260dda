"""Encrypted connections, certificates and passwords, with a real broker that insists on them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.brokers import MOSQUITTO, Mosquitto, free_port, publish
from tests.support.certificates import OPENSSL, Authority
from tests.support.reader import ANY, Reader

from gaugeway import DeviceError, Site
from gaugeway.mqtt import Message
from gaugeway_drivers.decode.payload import NumberPayload
from gaugeway_drivers.mqtt import Mqtt

pytestmark = pytest.mark.broker


class Secured(msgspec.Struct):
    """A broker that encrypts, whose certificate is for 127.0.0.1 alone, and a plain door for the test itself."""

    broker: Mosquitto
    authority: Authority
    plain_port: int

    @property
    def address(self) -> str:
        return self.broker.address.replace("mqtt:", "mqtts:")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if MOSQUITTO is None or OPENSSL is None:
        pytest.skip("mosquitto and openssl are not both installed")
    return tmp_path_factory.mktemp("secured")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder)


@pytest.fixture(scope="module")
def secured(folder: Path, authority: Authority) -> Iterator[Secured]:
    yield from running(folder, authority)


@pytest.fixture(scope="module")
def strict(folder: Path, authority: Authority) -> Iterator[Secured]:
    """It also wants a certificate of its clients."""
    yield from running(folder, authority, "require_certificate true")


def running(folder: Path, authority: Authority, *lines: str) -> Iterator[Secured]:
    certificate, key = authority.sign("server", "IP:127.0.0.1")
    files = (f"cafile {authority.certificate}", f"certfile {certificate}", f"keyfile {key}")
    plain = free_port()
    with Mosquitto(folder, *files, *lines, f"listener {plain} 127.0.0.1") as broker:
        yield Secured(broker, authority, plain)


def mqtt(address: str, **files: Path | None) -> Mqtt:
    return Mqtt(
        broker=address,
        topic="t/#",
        format=NumberPayload(),
        sensors=ANY,
        site=Site(),
        client_id="gw",
        ca_file=files.get("ca_file"),
        cert_file=files.get("cert_file"),
        key_file=files.get("key_file"),
        verify=files.get("verify", Path()) is not None,
    )


def fault(source: Mqtt) -> str:
    with Reader(source) as reader, pytest.raises(DeviceError) as told:
        reader.until(lambda _: False)
    return str(told.value)


def test_an_encrypted_line_carries_everything(secured: Secured) -> None:
    """Many small messages, and one that is larger than any record of the encryption."""
    source = mqtt(secured.address, ca_file=secured.authority.certificate)
    with Reader(source) as reader:
        reader.subscribed()
        publish(secured.plain_port, Message("t/big", b"1".rjust(200_000)), *numbers(2000))
        reader.until(lambda me: len(me.readings) == 2000 and me.rejects)
        assert reader.values == list(range(2000))
        assert reader.rejects[0].sensor == "big"


def test_a_certificate_that_is_not_trusted_is_refused(secured: Secured) -> None:
    """With the option that would make it trusted."""
    assert "the certificate of 127.0.0.1" in fault(mqtt(secured.address))
    assert "'ca_file'" in fault(mqtt(secured.address))


def test_a_certificate_for_another_host_is_refused(secured: Secured) -> None:
    """It is for 127.0.0.1, and not for localhost."""
    address = secured.address.replace("127.0.0.1", "localhost")
    assert "certificate of localhost" in fault(mqtt(address, ca_file=secured.authority.certificate))


def test_checking_can_be_switched_off(secured: Secured) -> None:
    """For a broker that signed for itself."""
    with Reader(mqtt(secured.address, verify=None)) as reader:
        reader.subscribed()


def test_a_certificate_of_the_gateway_lets_it_in(strict: Secured) -> None:
    """Without one the broker hangs up, and the fault says what it may want."""
    trusted = strict.authority.certificate
    certificate, key = strict.authority.sign("gateway")
    with Reader(mqtt(strict.address, ca_file=trusted, cert_file=certificate, key_file=key)) as reader:
        reader.subscribed()
    assert "cert_file" in fault(mqtt(strict.address, ca_file=trusted))


def test_the_wrong_kind_of_address_is_told(secured: Secured) -> None:
    """Encryption where none is spoken, and none where it is."""
    assert "is it the port for mqtts://?" in fault(mqtt(f"mqtts://127.0.0.1:{secured.plain_port}"))
    assert "does it want mqtts://" in fault(mqtt(secured.broker.address))


def test_a_file_that_is_no_certificate_is_named(secured: Secured, tmp_path: Path) -> None:
    """When it is used for the first time."""
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    assert f"cannot use {nonsense}" in fault(mqtt(secured.address, ca_file=nonsense))
    trusted = secured.authority.certificate
    assert "nonsense.pem" in fault(mqtt(secured.address, ca_file=trusted, cert_file=nonsense))


def test_user_and_password_let_it_in(tmp_path: Path) -> None:
    """The right ones; wrong ones, or none, are refused in words that do not show them."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "me", "right"], check=True)
    with Mosquitto(tmp_path, f"password_file {passwords}", anonymous=False) as broker:
        good, bad = (broker.address.replace("//", f"//me:{word}@") for word in ("right", "wr0ng"))
        with Reader(mqtt(good)) as reader:
            reader.subscribed()
        said = fault(mqtt(bad))
        assert "user 'me'" in said
        assert "wr0ng" not in said
        assert "a client without a user" in fault(mqtt(broker.address))


def numbers(count: int) -> list[Message]:
    return [Message("t/s", b"%d" % number) for number in range(count)]
