"""Bytes cut into lines, however they arrive: whole, in pieces, late, or mixed with noise."""

from typing import Final

from gaugeway import Reject

SHOWN: Final = 80
"""How much of a refused line is kept to be looked at."""

NOISE: Final = bytes(range(0x21)) + b"\x7f\xff"
"""What may stand around a line and means nothing: blanks, control characters, the 0x00 and 0xFF of plugging in."""


class Lines:
    """Cuts a stream of bytes into lines; one object serves one opening of the port.

    Without a `delimiter` a line ends at CR, LF or both. The first line is dropped unless `keep_first`, because
    nobody knows where in a line the port was opened, unless a silence came first. A line over `limit` bytes, the
    first one too, is refused once and skipped to its end, so memory is bounded. What comes out does not depend on
    where the stream was cut into reads.
    """

    def __init__(self, *, delimiter: bytes = b"", limit: int = 4096, keep_first: bool = False) -> None:
        self._delimiter = delimiter
        self._limit = limit
        self._shown = min(SHOWN, limit)
        self._rest = b""
        self._first = self._skipping = not keep_first

    def feed(self, data: bytes) -> list[bytes | Reject]:
        """Take what was read; return the lines that it completes, without delimiter and noise, empty ones left out."""
        *ended, self._rest = self._split(self._rest + data)
        lines: list[bytes | Reject] = []
        if ended and self._skipping:
            skipped = ended.pop(0)
            if self._first and len(skipped) > self._limit:
                lines.append(Reject("line too long", skipped[: self._shown]))
            self._first = self._skipping = False
        for line in ended:
            if len(line) > self._limit:
                lines.append(Reject("line too long", line[: self._shown]))
            elif line := line.strip(NOISE):
                lines.append(line)
        self._bound(lines)
        return lines

    def silence(self) -> Reject | None:
        """Learn that nothing came for longer than a line can pause: a half line stays half, what comes next is new."""
        half, self._rest = self._rest.strip(NOISE), b""
        skipping = self._skipping
        self._first = self._skipping = False
        return Reject("half a line", half[:SHOWN]) if half and not skipping else None

    def _split(self, data: bytes) -> list[bytes]:
        if self._delimiter:
            return data.split(self._delimiter)
        # The empty line inside CRLF is left out like any other, so the two may come in different reads.
        return data.replace(b"\r", b"\n").split(b"\n")

    def _bound(self, lines: list[bytes | Reject]) -> None:
        """Keep no more of an unfinished line than is needed to find its end."""
        begun_delimiter = max(len(self._delimiter) - 1, 0)
        if len(self._rest) <= self._limit + begun_delimiter:
            return
        if self._first or not self._skipping:
            lines.append(Reject("line too long", self._rest[: self._shown]))
        self._first, self._skipping = False, True
        self._rest = self._rest[len(self._rest) - begun_delimiter :]
