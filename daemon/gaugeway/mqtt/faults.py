"""Why a broker cannot be used, in sentences that say what to do."""

import socket
from typing import Final

from gaugeway.errors import DeviceError
from gaugeway.mqtt.broker import Broker
from gaugeway.mqtt.outgoing import TOO_LARGE

BAD_VERSION: Final = 0x84
BAD_CLIENT_ID: Final = 0x85
BAD_PASSWORD: Final = 0x86
NOT_ALLOWED: Final = 0x87
KEPT_WAITING: Final = 0x8D
TAKEN_OVER: Final = 0x8E
NOT_TAKEN: Final = {
    0x80: "unspecified error",
    0x83: "implementation specific error",
    NOT_ALLOWED: "not authorized",
    0x90: "topic name invalid",
    0x91: "packet identifier in use",
    0x92: "packet identifier not found",
    0x97: "quota exceeded",
    0x99: "payload format invalid",
}
"""What the reason codes mean by which a published message is refused."""
UNTRUSTED_HINT: Final = "'ca_file' names the authority that signed it"


def unreachable(broker: Broker, error: Exception) -> DeviceError:
    """Say why there is no connection at all."""
    where = broker.where
    untrusted = _not_encrypted(where, error) if broker.tls else None
    if untrusted is not None:
        return untrusted
    if isinstance(error, socket.gaierror | UnicodeError):
        return DeviceError(f"no host is found by the name of {broker.host}: check the name, and the network")
    if isinstance(error, ConnectionRefusedError):
        return DeviceError(f"nothing listens on {where}: check that the broker runs, and the port")
    if isinstance(error, TimeoutError):
        return DeviceError(f"{where} does not answer: check the network, and what stands between")
    return DeviceError(f"no connection to {where}: {error}")


def refused(broker: Broker, code: int, name: str) -> DeviceError:
    """Say why the broker does not let this client in."""
    where, user = broker.where, f"user '{broker.username}'" if broker.username else "a client without a user"
    if code == BAD_VERSION:
        other = "'3.1.1'" if broker.version == 5 else "5"
        return DeviceError(f"{where} does not speak MQTT {broker.version}: set 'version' to {other}")
    if code == BAD_CLIENT_ID:
        return DeviceError(f"{where} refuses the client id '{broker.client_id}': set another 'client_id'")
    if code == BAD_PASSWORD:
        return DeviceError(f"{where} refuses {user}: check 'username' and 'password'")
    if code == NOT_ALLOWED:
        return DeviceError(f"{where} does not let in {user}: check 'username' and 'password', and the broker's rights")
    return DeviceError(f"{where} refuses the connection: {name.lower()}")


def silent(broker: Broker) -> DeviceError:
    """Say that the broker was reached and gave no answer."""
    return DeviceError(f"{broker.where} takes the connection and does not answer: is it an MQTT broker?")


def unasked(broker: Broker) -> DeviceError:
    """Say that the broker sends messages without end instead of answering."""
    return DeviceError(f"{broker.where} sends messages without end and does not answer: is the broker in order?")


def hung_up(broker: Broker) -> DeviceError:
    """Say that the broker closed the connection instead of answering."""
    other = "'3.1.1'" if broker.version == 5 else "5"
    wanted = "a certificate of this gateway ('cert_file')" if broker.tls else "mqtts://"
    return DeviceError(f"{broker.where} closes the connection at once: does it want {wanted}, or 'version' {other}?")


def thrown_off(broker: Broker, code: int, name: str) -> DeviceError:
    """Say why the broker ended a connection that was open."""
    if code == TAKEN_OVER:
        return DeviceError(
            f"another client logs in at {broker.where} with the client id '{broker.client_id}': give each its own"
        )
    return DeviceError(f"{broker.where} ended the connection: {name.lower()}")


def not_granted(broker: Broker, topic: str, name: str) -> DeviceError:
    """Say that a subscription is refused."""
    user = f"user '{broker.username}'" if broker.username else "a client without a user"
    return DeviceError(f"{broker.where} does not let {user} read '{topic}' ({name.lower()}): check the broker's rights")


def not_taken(broker: Broker, topic: str, code: int) -> DeviceError:
    """Say that a published message is refused."""
    if code == TOO_LARGE:
        return DeviceError(f"{broker.where} takes no message as large as that on '{topic}': check the broker's limits")
    user = f"user '{broker.username}'" if broker.username else "a client without a user"
    why = NOT_TAKEN.get(code, f"reason {code}")
    return DeviceError(f"{broker.where} does not let {user} write '{topic}' ({why}): check the broker's rights")


def _not_encrypted(where: str, error: Exception) -> DeviceError | None:
    """Say what kept a connection from being encrypted, where it was that."""
    import ssl  # noqa: PLC0415  (4 MB, for those who encrypt)

    if isinstance(error, ssl.SSLCertVerificationError):
        return DeviceError(f"the certificate of {where} is refused ({error.verify_message}): {UNTRUSTED_HINT}")
    if not isinstance(error, ssl.SSLError | ConnectionResetError):
        return None
    said = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    reason = (said or str(error)).replace("_", " ").lower()
    return DeviceError(f"{where} does not take this encryption ({reason}): is it the port for mqtts://?")
