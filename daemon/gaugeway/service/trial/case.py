"""One test as it stands in the file: what goes in, and what is to come out."""

from collections.abc import Mapping

import msgspec

from gaugeway.config.text.amounts import SECONDS, parts_of
from gaugeway.errors import ConfigError
from gaugeway.service.trial.seen import Seen


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a test: a reading, or, without a sensor, a silence up to `at`."""

    at: float | str = 0.0
    sensor: str | None = None
    value: float | None = None
    quality: str = "good"
    unit: str = ""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One test as it stands in the file."""

    readings: list[Given]
    expect: list[dict[str, object]]


def expected(name: str, written: Mapping[str, object]) -> Seen:
    """Return what one line of `expect` says."""
    if "alert" in written and "event" not in written:
        raise ConfigError(f"the test '{name}' expects the alert '{written['alert']}' without saying which event")
    if "alert" not in written and "sensor" not in written:
        raise ConfigError(f"the test '{name}' expects something that names neither a sensor nor an alert")
    facts = {key: value for key, value in written.items() if key != "at"}
    at = written.get("at")
    return Seen(seconds(name, at) if isinstance(at, str | int | float) else -1.0, facts)


def seconds(name: str, at: float | str) -> float:
    """Return a time of a test in seconds."""
    if not isinstance(at, str):
        return float(at)
    parts = parts_of(at.strip())
    if not parts or any(unit not in SECONDS for _, unit in parts):
        raise ConfigError(f"the test '{name}' has a time that cannot be read: '{at}'; write 30s or 5min")
    return sum(number * SECONDS[unit] for number, unit in parts)
