"""Readings as lines of JSON: one flat object a reading."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

import msgspec

from gaugeway import Quality, Reading
from gaugeway_sinks.iso import IsoTimes

ENCODER: Final = msgspec.json.Encoder()
FIELDS: Final = frozenset(Reading.__struct_fields__)
Encode = Callable[[Sequence[Reading]], bytes]


class Lines(Protocol):
    """How readings are written. Each becomes exactly one line, whatever its texts hold."""

    @property
    def head(self) -> bytes:
        """What a file begins with: a line, or nothing."""
        ...

    def encode(self, batch: Sequence[Reading]) -> bytes:
        """Return the lines of a batch, each with its newline."""
        ...

    def fits(self, start: bytes) -> bool:
        """Tell whether a file with this start (as long as `head`, at least one byte) can be continued."""
        ...


class JsonLines:
    """Writes each reading as one flat JSON object, fields at their default left out."""

    def __init__(self, *, iso: bool = False) -> None:
        self.head: Final = b""
        self._encode: Encode = partial(_encode_dated, IsoTimes()) if iso else ENCODER.encode_lines

    def encode(self, batch: Sequence[Reading]) -> bytes:
        """Return the lines of a batch; results beyond `normal` and `average` stand beside the other fields."""
        for reading in batch:
            if reading.more is not None or reading.fate is not None:
                return _flat(self._encode([_writable(reading) for reading in batch]))
        return self._encode(batch)

    def fits(self, start: bytes) -> bool:
        """Tell whether a file begins like a JSON object."""
        return start.startswith(b"{")


class Dated(msgspec.Struct, gc=False, omit_defaults=True):
    """A reading as it is written when its time is text."""

    sensor: str
    value: float
    time: str
    unit: str = ""
    quality: Quality = "good"
    stamp: str = "gateway"
    normal: float | None = None
    average: float | None = None
    more: dict[str, float] | None = None


def _encode_dated(times: IsoTimes, batch: Sequence[Reading]) -> bytes:
    dated = [
        Dated(r.sensor, r.value, time, r.unit, r.quality, r.stamp, r.normal, r.average, r.more)
        for r, time in zip(batch, times.texts(batch), strict=True)
    ]
    return ENCODER.encode_lines(dated)


def _writable(reading: Reading) -> Reading:
    """Return the reading, or a copy without its fate in which no result has the name of a field."""
    more = reading.more
    if reading.fate is None and more and FIELDS.isdisjoint(more):
        return reading
    renamed = {f"{name}_" if name in FIELDS else name: value for name, value in more.items()} if more else None
    return msgspec.structs.replace(reading, fate=None, more=renamed)


def _flat(lines: bytes) -> bytes:
    # Inside a JSON text every quote and every newline is escaped, so neither pattern can be part of one.
    return lines.replace(b',"more":{', b",").replace(b"}}\n", b"}\n")
