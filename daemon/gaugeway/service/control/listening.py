"""The Unix socket that a gateway listens on: open to its user, its group and root, and to nobody else."""

import errno
import os
import socket
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

from gaugeway.errors import ConfigError
from gaugeway.service.control.peers import peer_of
from gaugeway.service.presence import places

MODE: Final = 0o660
WAITING: Final = 16
BRIEFLY: Final = 1.0
NO_PLACE: Final = frozenset(
    {errno.EPERM, errno.EACCES, errno.EROFS, errno.EOPNOTSUPP, errno.ENOENT, errno.ENOTDIR, errno.EADDRINUSE}
)


@contextmanager
def listening(paths: Sequence[str]) -> Generator[tuple[socket.socket, str]]:
    """Listen at the first of some paths that takes a socket, and take it away in the end; yield it and where it is."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        path = _bound(listener, paths)
        stack.callback(_remove, path)
        os.chmod(path, MODE)
        listener.listen(WAITING)
        yield listener, path


def _bound(listener: socket.socket, paths: Sequence[str]) -> str:
    for path in paths:
        _clear(path)
        try:
            with places.address(path) as address:
                listener.bind(address)
        except OSError as error:
            if error.errno not in NO_PLACE:
                raise
        else:
            return path
    raise ConfigError(f"there is no place for the control socket: {' and '.join(paths)} cannot be made")


def _clear(path: str) -> None:
    """Take away what a gateway that died has left at a path; refuse to take it from one that lives."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(BRIEFLY)
        try:
            with places.address(path) as address:
                probe.connect(address)
        except (FileNotFoundError, NotADirectoryError):
            return
        except (ConnectionRefusedError, PermissionError):
            _remove(path)
        except (TimeoutError, BlockingIOError):
            raise ConfigError(f"another gateway listens at {path} and does not answer: stop it first") from None
        else:
            raise ConfigError(
                f"another gateway listens at {path}: process {peer_of(probe).pid}; `gaugeway stop` stops it"
            )


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
