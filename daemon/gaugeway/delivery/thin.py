"""Makes less of many readings without losing what mattered: the extremes, the mean and how many there were."""

from collections.abc import Sequence
from math import floor, fsum
from typing import Final

import msgspec

from gaugeway.reading import Reading

DECODER: Final = msgspec.json.Decoder(Reading)
ENCODER: Final = msgspec.json.Encoder()
SUMMARY: Final = ("min", "max", "count")


def thin(messages: Sequence[bytes], interval: float) -> list[bytes]:
    """Return one summary for each sensor and interval, each in the place of its first reading.

    A summary is a reading again: its value is the mean, its time that at which the interval begins, and `more` holds
    `min`, `max` and `count`. Summaries can be summed up again. A message that is no reading is kept as it is, and so
    is a reading that is alone in its interval. Good and bad readings, or different units, are never mixed.
    """
    groups: dict[object, list[bytes | Reading]] = {}
    for index, message in enumerate(messages):
        reading = _reading(message)
        if reading is None:
            groups[index] = [message]
        else:
            key = (reading.sensor, reading.unit, reading.quality, reading.stamp, floor(reading.time / interval))
            groups.setdefault(key, [message]).append(reading)
    return [_summary(members, interval) for members in groups.values()]


def weight(message: bytes) -> int:
    """Return how many readings a message stands for."""
    reading = _reading(message)
    return 1 if reading is None else round(_spread(reading)[2])


def _reading(message: bytes) -> Reading | None:
    try:
        return DECODER.decode(message)
    except msgspec.DecodeError:
        return None


def _spread(reading: Reading) -> tuple[float, float, float]:
    """Return the least and the greatest value that this reading stands for, and how many."""
    more = reading.more
    if more is not None and all(name in more for name in SUMMARY):
        return more["min"], more["max"], more["count"]
    return reading.value, reading.value, 1.0


def _summary(members: Sequence[bytes | Reading], interval: float) -> bytes:
    """Return the one message for a group, which begins with the bytes of its first."""
    readings = [member for member in members if isinstance(member, Reading)]
    if len(readings) < 2:
        return members[0] if isinstance(members[0], bytes) else ENCODER.encode(members[0])
    spreads = [_spread(reading) for reading in readings]
    count = sum(spread[2] for spread in spreads)
    mean = fsum(reading.value * spread[2] for reading, spread in zip(readings, spreads, strict=True)) / count
    first = readings[0]
    summary = Reading(
        sensor=first.sensor,
        value=mean,
        time=floor(first.time / interval) * interval,
        unit=first.unit,
        quality=first.quality,
        stamp=first.stamp,
        more={
            "min": min(spread[0] for spread in spreads),
            "max": max(spread[1] for spread in spreads),
            "count": count,
        },
    )
    return ENCODER.encode(summary)
