"""Where a webhook goes: an address of which only host and port are ever shown, and one request after the other."""

import base64
import string
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote, urlsplit

from gaugeway import ConfigError, DeviceError, trusting

if TYPE_CHECKING:
    from http.client import HTTPConnection

EXAMPLE: Final = "write it like https://hooks.example/alarms"
NAME: Final = frozenset(string.ascii_letters + string.digits + "-_")
VISIBLE: Final = frozenset(map(chr, range(33, 127)))
OWN: Final = frozenset({"content-length", "transfer-encoding", "connection", "host"})


class Answer:
    """What a server answered: the status, and the seconds that it asks to be left alone."""

    def __init__(self, status: int, retry_after: str | None) -> None:
        self.status = status
        asked = (retry_after or "").strip()
        self.retry_after = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0


class Target:
    """An http or https address. No error and no log line shows its user, path or query: secrets stand there."""

    def __init__(
        self, url: str, *, headers: Mapping[str, str], timeout: float, ca_file: Path | None, verify: bool
    ) -> None:
        parts = _read(url)
        self.tls = parts.scheme == "https"
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if self.tls else 80)
        self.path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.timeout = timeout
        self.ca_file = ca_file
        self.verify = verify
        if not self.tls and (ca_file is not None or not verify):
            option = "ca_file" if ca_file is not None else "verify"
            raise ConfigError(f"'{option}' is of use with an address that begins with https:// only")
        if ca_file is not None and not ca_file.is_file():
            raise ConfigError(f"'ca_file': there is no file {ca_file}")
        self.headers = dict(_login(parts)) | _checked(headers)

    @property
    def where(self) -> str:
        """What may be shown of the address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body and return the answer; DeviceError when there is none. No redirect is followed."""
        from http.client import HTTPException  # noqa: PLC0415  (only who sends loads it)

        try:
            with closing(self._connection()) as connection:
                connection.request("POST", self.path, body, {**headers, **self.headers, "Connection": "close"})
                response = connection.getresponse()
                return Answer(response.status, response.getheader("Retry-After"))
        except OSError as error:
            raise DeviceError(f"{self.where} cannot be reached: {error.strerror or type(error).__name__}") from None
        except HTTPException as error:
            raise DeviceError(f"{self.where} gave no proper answer: {type(error).__name__}") from None

    def _connection(self) -> "HTTPConnection":
        from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415  (only who sends loads it)

        if not self.tls:
            return HTTPConnection(self.host, self.port, timeout=self.timeout)
        context = trusting(self.ca_file, verify=self.verify)
        return HTTPSConnection(self.host, self.port, timeout=self.timeout, context=context)


def _read(url: str) -> SplitResult:
    """Return the parts of an address. No error quotes it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError(f"'url' cannot be read: {EXAMPLE}") from None
    if parts.scheme not in ("http", "https"):
        raise ConfigError(f"'url' has to begin with http:// or https://: {EXAMPLE}")
    if not parts.hostname or port == 0:
        raise ConfigError(f"'url' names no host, or no port from 1 to 65535: {EXAMPLE}")
    if not VISIBLE.issuperset(url):
        raise ConfigError(
            "'url' holds a blank or a letter that no address can hold: write it as %20, host names as xn--"
        )
    return parts


def _login(parts: SplitResult) -> Mapping[str, str]:
    if parts.username is None:
        return {}
    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return {"Authorization": f"Basic {base64.b64encode(user).decode()}"}


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not name or not NAME.issuperset(name) or name.lower() in OWN:
            raise ConfigError(f"'headers': there can be no header '{name}' of your own")
        if not (VISIBLE | {" ", "\t"}).issuperset(value):
            raise ConfigError(f"'headers': the value of '{name}' holds a letter that no header can hold")
    return {name.title(): value for name, value in headers.items()}  # in one way of writing each comes once
