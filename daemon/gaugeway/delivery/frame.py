"""How records stand in a file: several to a frame, under one checksum, findable after any damage.

    mark      8 bytes   the segment's own random bytes, which its name repeats: where a frame begins
    checksum  4 bytes   CRC-32 of all that follows
    first     8 bytes   the number of the first record; the others count on from it
    count     4 bytes   how many records
    length    4 bytes   how many bytes follow
    lengths   4 bytes for each record
    records

One checksum for what was appended together costs a third of one for each record, and makes an append all or
nothing. The mark is random and new for each segment, so that neither what a hostile device sends nor an old block
that a disk brings back can pass for a frame when a damaged stretch is searched for the next one.
"""

import struct
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple
from zlib import crc32

MARK_SIZE: Final = 8
PREFIX: Final = struct.Struct("<8sI")
HEAD: Final = struct.Struct("<QII")
LONE: Final = struct.Struct("<QIII")
"""The head of a frame of one record, and its length."""
HEADER_SIZE: Final = PREFIX.size + HEAD.size
LENGTH_SIZE: Final = 4


class Frame(NamedTuple):
    """What was appended at once: the records with the numbers from `first` up to `end`."""

    first: int
    end: int
    body: bytes

    def records(self) -> list[tuple[int, bytes]]:
        """Return each record with its number."""
        body, count = self.body, self.end - self.first
        lengths = struct.unpack_from(f"<{count}I", body)
        cuts = pairwise(accumulate(lengths, initial=count * LENGTH_SIZE))
        return [
            (number, body[start:stop]) for number, (start, stop) in zip(range(self.first, self.end), cuts, strict=True)
        ]


def content(first: int, records: Sequence[bytes]) -> bytes:
    """Return all of a frame that the checksum covers."""
    if len(records) == 1:  # as most are: a burst of readings is one record
        length = len(records[0])
        return LONE.pack(first, 1, LENGTH_SIZE + length, length) + records[0]
    lengths = list(map(len, records))
    count = len(lengths)
    head = struct.pack(f"<QII{count}I", first, count, sum(lengths) + count * LENGTH_SIZE, *lengths)
    return b"".join((head, *records))


def prefix(mark: bytes, covered: bytes) -> bytes:
    """Return what stands before the `content`: the mark and the checksum."""
    return PREFIX.pack(mark, crc32(covered))


def body_length(header: bytes, mark: bytes) -> int | None:
    """Return how many bytes follow this header, or None if it is none."""
    if len(header) < HEADER_SIZE or not header.startswith(mark):
        return None
    _, count, length = HEAD.unpack_from(header, PREFIX.size)
    return int(length) if count * LENGTH_SIZE <= length else None


def frame(header: bytes, body: bytes) -> Frame | None:
    """Return the frame, or None where the checksum tells that it is damaged."""
    _, checksum = PREFIX.unpack_from(header)
    if crc32(body, crc32(header[PREFIX.size : HEADER_SIZE])) != checksum:
        return None
    first, count, _ = HEAD.unpack_from(header, PREFIX.size)
    return Frame(first, first + count, body)
