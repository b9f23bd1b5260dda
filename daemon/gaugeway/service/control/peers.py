"""Who is at the other end of a Unix socket, as the kernel says; nobody can pretend to be another."""

import os
import socket
import struct
from array import array
from typing import Final, NamedTuple

from gaugeway.users import name_of

CREDENTIALS: Final = struct.Struct("3i")
SO_PEERGROUPS: Final = 59
MOST_GROUPS: Final = 256  # Python hands out at most 1024 bytes of an option


class Peer(NamedTuple):
    """A process, its user and its groups."""

    pid: int
    user: int
    groups: frozenset[int]

    @property
    def welcome(self) -> bool:
        """Whether it may command this process: root, the same user, or anybody in this process's group."""
        return self.user in (0, os.geteuid()) or os.getegid() in self.groups

    @property
    def name(self) -> str:
        """What this computer calls the user."""
        return name_of(self.user) or f"user {self.user}"


def peer_of(connection: socket.socket) -> Peer:
    """Return who connected."""
    pid, user, group = CREDENTIALS.unpack(
        connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    )
    return Peer(pid, user, frozenset({group, *_further_groups(connection)}))


def _further_groups(connection: socket.socket) -> "array[int]":
    """Return the groups that a user was added to: with these an operator is let in."""
    groups = array("I")
    try:
        groups.frombytes(connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, MOST_GROUPS * groups.itemsize))
    except OSError:
        return groups  # an old kernel: the first group has to do
    return groups
