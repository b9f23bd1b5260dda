"""The one module that loads paho: its client, on a socket of ours.

paho reads a packet with three or four small reads, which is most of what it costs. `_create_socket` is where it
makes its socket; that hook is private, so a test checks that it is still there, and `wire` says so in plain words
where it was not called. The socket is encrypted here, and paho speaks neither through a proxy nor over HTTP: what it
would need for that stays out of memory.
"""

import socket
from collections.abc import Callable
from typing import Final

from gaugeway.errors import DeviceError, PluginError
from gaugeway.mqtt.broker import Broker
from gaugeway.mqtt.faults import unreachable
from gaugeway.mqtt.packets import Cutter
from gaugeway.mqtt.wire import Wire
from gaugeway.spared import spared, without
from gaugeway.tls import trusting

with spared("base64", "hashlib", "ssl", "urllib.request"), without("dns"), without("socks"):
    from paho.mqtt.client import Client as PahoClient
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

CONNECT_TIMEOUT: Final = 5.0
PROPERTIES: Final[Callable[[int], Properties]] = Properties
"""paho says no types for this one."""


class Client(PahoClient):
    """paho's client on a `Wire`, which hands the messages to a cutter."""

    def __init__(self, broker: Broker, *, cutter: Cutter, persistent: bool = False) -> None:
        newest = broker.version == 5
        super().__init__(
            CallbackAPIVersion.VERSION2,
            broker.client_id,
            clean_session=None if newest else not persistent,
            protocol=MQTTProtocolVersion.MQTTv5 if newest else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        if broker.username is not None:
            self.username_pw_set(broker.username, broker.password)
        self.broker = broker
        self._persistent = persistent
        self._cutter = cutter
        self._wire: Wire | None = None

    def log_in(self, *, session_expiry: float = 0.0, receive_maximum: int = 65535) -> None:
        """Connect and ask to be let in, without waiting for the answer; DeviceError where nobody is reached."""
        broker = self.broker
        if broker.version != 5:
            self.connect(broker.host, broker.port, broker.keepalive)
            return
        wishes = PROPERTIES(PacketTypes.CONNECT)
        wishes.SessionExpiryInterval = min(round(session_expiry), 0xFFFFFFFF)
        wishes.ReceiveMaximum = receive_maximum
        self.connect(broker.host, broker.port, broker.keepalive, clean_start=not self._persistent, properties=wishes)

    @property
    def wire(self) -> Wire:
        """The socket that paho was given."""
        if self._wire is None:
            raise PluginError(
                "this version of paho-mqtt does not ask for its socket any more; gaugeway needs 2.1 or 2.2"
            )
        return self._wire

    def close(self) -> None:
        """Close the connection, also one that was never let in."""
        if self._wire is not None:
            self._wire.close()

    def _create_socket(self) -> Wire:
        self._wire = Wire(dial(self.broker), self._cutter, encrypted=self.broker.tls)
        return self._wire

    def _sock_recv(self, bufsize: int) -> bytes:
        # Private too: paho's own looks into `ssl` whenever there is nothing to read. Without this hook that is loaded.
        return self.wire.recv(bufsize)


def dial(broker: Broker) -> socket.socket:
    """Open the connection, encrypted if it is to be; DeviceError where that fails."""
    try:
        raw = _reached(broker.host, broker.port)
    except (OSError, ValueError) as error:
        raise unreachable(broker, error) from error
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return encrypted(raw, broker) if broker.tls else raw
    except (OSError, ValueError) as error:
        raw.close()
        raise unreachable(broker, error) from error
    except DeviceError:
        raw.close()
        raise


def _reached(host: str, port: int) -> socket.socket:
    """Connect to the first address of a host that answers; the error is that of the first that does not.

    Looked up as text, an ordinary name would make Python load what it knows of other alphabets: a megabyte.
    """
    faults: list[OSError] = []
    name = host.encode() if host.isascii() else host
    for family, kind, protocol, _, address in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM):
        raw = socket.socket(family, kind, protocol)
        raw.settimeout(CONNECT_TIMEOUT)
        try:
            raw.connect(address)
        except OSError as error:
            raw.close()
            faults.append(error)
        else:
            return raw
    raise faults[0]


def encrypted(raw: socket.socket, broker: Broker) -> socket.socket:
    """Return the connection with what is trusted and shown on it; DeviceError where a file cannot be used."""
    try:
        context = trusting(broker.ca_file, verify=broker.verify)
        if broker.cert_file:
            context.load_cert_chain(broker.cert_file, broker.key_file, password="")
    except OSError as error:
        named = " or ".join(str(path) for path in (broker.ca_file, broker.cert_file, broker.key_file) if path)
        raise DeviceError(f"cannot use {named or 'the certificates of this system'}: {error}") from error
    return context.wrap_socket(raw, server_hostname=broker.host)
