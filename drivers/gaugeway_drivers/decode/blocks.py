"""The bytes of a text file cut into blocks of whole rows, so that a file of any size is read in constant memory."""

from typing import Final

from gaugeway import Reject
from gaugeway_drivers.decode.framing import SHOWN

LONGEST: Final = 1_048_576
"""How far an end of row is looked for before a row is refused, or a quote is taken to be closed by none."""

MARK: Final = b"\xef\xbb\xbf"


class Blocks:
    """Cuts what is read from a file at ends of rows; a row may hold line ends between quotes."""

    def __init__(self) -> None:
        self._held = b""
        self._skipping = False
        self._first = True

    def feed(self, data: bytes) -> str | Reject | None:
        """Take what was read; return what is complete. Nothing is lost or doubled by how it was cut."""
        self._held += data
        if self._skipping:
            self._skip()
        end = self._held.rfind(b"\n") + 1
        if end and (self._is_closed(end) or len(self._held) > LONGEST):
            block, self._held = self._held[:end], self._held[end:]
            return self._text(block)
        if len(self._held) <= LONGEST:
            return None
        refused = Reject("line too long", self._held[:SHOWN])
        self._held, self._skipping = b"", True
        return refused

    def end(self) -> str | None:
        """Learn that the file ends; its last row may lack a line end."""
        last, self._held = self._held, b""
        return self._text(last) if last and not self._skipping else None

    def _skip(self) -> None:
        """Throw away the rest of a row that was refused."""
        _, end, self._held = self._held.partition(b"\n")
        self._skipping = not end

    def _is_closed(self, end: int) -> bool:
        """Tell whether no quote is open where the last row seems to end; a doubled quote counts as two."""
        return self._held.count(b'"', 0, end) % 2 == 0

    def _text(self, block: bytes) -> str:
        if self._first:
            self._first = False
            block = block.removeprefix(MARK)
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n")
        try:
            return block.decode()
        except UnicodeDecodeError:
            return "".join(map(_in_either, block.splitlines(keepends=True)))


def _in_either(row: bytes) -> str:
    """Return a row in the encoding that it is in; one that is not in UTF-8 makes no other so."""
    try:
        return row.decode()
    except UnicodeDecodeError:
        return row.decode("latin-1")
