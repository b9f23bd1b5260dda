"""Where a server listens: an IP address and a port, written `127.0.0.1:9273` or `[::1]:9273`."""

from typing import NamedTuple

LAST_PORT = 65535


class Endpoint(NamedTuple):
    """An IP address of this computer, and a port of it."""

    host: str
    port: int

    @property
    def is_version_6(self) -> bool:
        """Whether it is an address of IP version 6."""
        return ":" in self.host

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but programs of this computer can connect to it."""
        return self.host.startswith("127.") or self.host == "::1"


def endpoint(text: str) -> Endpoint:
    """Return what a text means; ValueError says, for the rest of a sentence, what it has to be."""
    host, colon, port = text.rpartition(":")
    if not (colon and port.isascii() and port.isdecimal() and 0 < int(port[:6]) <= LAST_PORT):
        raise ValueError(f"must be an IP address and a port such as 127.0.0.1:9273, not '{text}'")
    bare = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
    if not _is_address(bare) or (":" in bare) != host.startswith("["):
        raise ValueError(f"names '{host}', and has to name an IP address of this computer such as 127.0.0.1 or [::1]")
    return Endpoint(bare, int(port))


def _is_address(host: str) -> bool:
    import socket  # noqa: PLC0415  (whoever has no server needs none of it)

    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return True
    return False
