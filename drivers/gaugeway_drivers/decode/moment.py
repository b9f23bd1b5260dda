"""One moment as a device or a file wrote it: seconds since 1970, finer parts of them, or ISO 8601."""

from datetime import UTC, datetime, tzinfo
from typing import Final

from gaugeway import ConfigError
from gaugeway_drivers.decode.number import NotANumber, number

FINER: Final = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
"""Up to which size a number counts seconds, milliseconds, microseconds and nanoseconds; the limits lie after 5000."""


class NotATime(ValueError):  # noqa: N818 - a handler reads `except NotATime`
    """A field that holds no moment."""

    reason: Final = "not a time"


def moment(given: object, zone: tzinfo = UTC) -> float:
    """Return the seconds since 1970 that `given` stands for; NotATime where it stands for no moment.

    A number is told to be seconds, milliseconds, microseconds or nanoseconds by its size. A text is a number or
    ISO 8601; one that names no zone is in `zone`.
    """
    try:
        return in_seconds(number(given))
    except NotANumber:
        if isinstance(given, str):
            return _written(given.strip(), zone)
        raise NotATime from None


def in_seconds(count: float) -> float:
    """Return a count of seconds or of finer parts as seconds; NotATime where it is too big for any."""
    size = abs(count)
    for limit, parts in FINER:
        if size < limit:
            return count / parts
    raise NotATime


def _written(text: str, zone: tzinfo) -> float:
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        raise NotATime from None


def zone(name: str) -> tzinfo:
    """Return the time zone called `name`; ConfigError where this machine knows none."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415  (few need it)

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"there is no time zone {name!r}: write it like 'Europe/Berlin' or 'UTC'") from None
