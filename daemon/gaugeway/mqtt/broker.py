"""Where a broker is and how to log in there: the settings of one connection."""

import re
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from gaugeway.errors import ConfigError
from gaugeway.mqtt.text import LONGEST, fits
from gaugeway.options import Address, Duration, FilePath, Meta, Secret

PORTS: Final = {"mqtt": 1883, "mqtts": 8883}

BrokerAddress = Annotated[
    Address,
    Meta(
        description="Where the broker is; mqtts:// encrypts. A user and password may stand before the host.",
        examples=["mqtt://localhost", "mqtts://plant@broker.example:8883"],
    ),
]
Version = Annotated[Literal[5, "3.1.1"], Meta(description="The version of MQTT that is spoken.")]
ClientId = Annotated[
    str | None,
    Meta(
        min_length=1,
        description="The name of this connection, which nobody else may use on this broker. The default begins "
        "with the node's.",
        examples=["gaugeway-plant1-boiler"],
    ),
]
Keepalive = Annotated[
    Duration, Meta(ge=5, le=65535, description="How long the line may be silent before either side takes it for dead.")
]
Username = Annotated[str | None, Meta(description="The user, where it does not stand in the address.")]
Password = Annotated[Secret | None, Meta(description="The password of the user.", examples=["!secret broker"])]
CaFile = Annotated[FilePath | None, Meta(description="Whose certificates are trusted (PEM); default: the system's.")]
CertFile = Annotated[FilePath | None, Meta(description="The certificate that this gateway shows (PEM).")]
KeyFile = Annotated[FilePath | None, Meta(description="The key of that certificate, where it is in a file of its own.")]
Verify = Annotated[bool, Meta(description="Check that the broker's certificate is trusted and names the host.")]


class Broker(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one connection. Neither `repr` nor any error shows the password."""

    host: str
    port: int
    client_id: str
    tls: bool = False
    version: Literal[5, "3.1.1"] = 5
    keepalive: int = 60
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    verify: bool = True

    @classmethod
    def at(
        cls,
        address: str,
        *,
        client_id: str,
        version: Literal[5, "3.1.1"] = 5,
        keepalive: float = 60.0,
        username: str | None = None,
        password: str | None = None,
        ca_file: Path | None = None,
        cert_file: Path | None = None,
        key_file: Path | None = None,
        verify: bool = True,
    ) -> "Broker":
        """Read an address such as `mqtts://user:password@host:8883`; ConfigError where something does not fit."""
        parts, port = _read(address)
        broker = cls(
            host=parts.hostname or "",
            port=port,
            tls=parts.scheme == "mqtts",
            client_id=client_id,
            version=version,
            keepalive=round(keepalive),
            username=_one_of("user", parts.username, username),
            password=_one_of("password", parts.password, password),
            ca_file=ca_file,
            cert_file=cert_file,
            key_file=key_file,
            verify=verify,
        )
        broker.check()
        return broker

    @property
    def where(self) -> str:
        """Host and port, as a sentence names them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def check(self) -> None:
        """Raise ConfigError where the settings contradict each other or name a file that is not there."""
        files = {"ca_file": self.ca_file, "cert_file": self.cert_file, "key_file": self.key_file}
        given = [name for name, path in files.items() if path is not None]
        if not self.tls and (given or not self.verify):
            option = given[0] if given else "verify"
            raise ConfigError(f"'{option}' is of use on an encrypted connection only: write mqtts://{self.where}")
        if self.key_file and not self.cert_file:
            raise ConfigError("'key_file' needs its certificate: add 'cert_file'")
        for name, path in files.items():
            if path is not None and not path.is_file():
                raise ConfigError(f"'{name}': there is no file {path}")
        for name, text in (("client_id", self.client_id), ("username", self.username), ("password", self.password)):
            if text is not None and not fits(text):
                raise ConfigError(f"'{name}' is no text that MQTT can carry: at most {LONGEST} bytes, none of them 0")
        if self.password is not None and self.username is None:
            raise ConfigError("a password needs its user: add 'username'")

    def __repr__(self) -> str:
        return f"Broker('{'mqtts' if self.tls else 'mqtt'}://{self.where}', client_id={self.client_id!r})"

    __str__ = __repr__


def own_client_id(*parts: str) -> str:
    """Return the client id of one part of a gateway: always the same, so that its session is found again.

    It begins with the node's name, because two clients with one id throw each other off the broker for ever.
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "_", "-".join(("gaugeway", *parts)))


def _read(address: str) -> tuple[SplitResult, int]:
    """Return the parts of an address. No error quotes it: a password may stand in it."""
    example = "write it like mqtt://localhost or mqtts://user@broker.example:8883"
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        raise ConfigError(f"the broker's address cannot be read: {example}") from None
    if "://" not in address or parts.scheme not in PORTS:
        raise ConfigError(f"the broker's address has to begin with mqtt:// or mqtts://: {example}")
    if not parts.hostname:
        raise ConfigError(f"the broker's address names no host: {example}")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError(f"the broker's address ends with the port; topics have an option of their own: {example}")
    if port == 0:
        raise ConfigError("the broker's port has to be a number from 1 to 65535")
    return parts, port or PORTS[parts.scheme]


def _one_of(what: str, in_address: str | None, option: str | None) -> str | None:
    if in_address and option is not None:
        raise ConfigError(f"the broker's {what} is given twice, in the address and as an option: keep one")
    return unquote(in_address) if in_address else option
