"""Checksums that stand in the line they guard."""

from typing import Final

from gaugeway_drivers.decode.field import Unreadable

HEX: Final = frozenset(b"0123456789abcdefABCDEF")


def nmea(line: bytes) -> bytes:
    """Return what stands between `$` (or `!`) and `*XX`; Unreadable unless XX is the exclusive-or of just that."""
    body, star, stated = line[1:].rpartition(b"*")
    if line[:1] not in (b"$", b"!") or not star or len(stated) != 2 or not HEX.issuperset(stated):
        raise Unreadable("checksum")
    actual = 0
    for byte in body:
        actual ^= byte
    if actual != int(stated, 16):
        raise Unreadable("checksum")
    return body
