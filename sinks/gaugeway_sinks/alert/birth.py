"""What a node consists of: every sensor and every rule, in the words of the configuration."""

from typing import cast
from zlib import crc32

import msgspec

from gaugeway import Quantity, Rule, Sensor
from gaugeway_sinks.alarms.panel.view import View


class Birth(msgspec.Struct, kw_only=True):
    """What a node consists of, in the words of its configuration."""

    schema: str = "gaugeway.birth/1"
    node: str
    configuration: str
    sensors: dict[str, dict[str, object]]
    rules: dict[str, dict[str, object]]


def birth(view: View) -> Birth:
    """Return what the node consists of, as far as one way out sees it; the hash is that of these sensors and rules."""
    panel = view.panel
    declared = {name: _sensor(sensor) for name, sensor in panel.sensors.declared.items() if view.sees(name)}
    heard = {name: _sensor(track.sensor) for name, track in view.tracks.items()}
    seen = {alarm.name for alarm in view.alarms.values()}
    rules = {name: in_words(rule) for name, rule in panel.roster.rules.items() if name in seen or view.sees_all}
    checksum = crc32(msgspec.json.encode([declared, rules]))
    return Birth(node=panel.node, configuration=f"{checksum:08x}", sensors=declared | heard, rules=rules)


def in_words(rule: Rule) -> dict[str, object]:
    """Return a rule as it is written: the keys that differ from their defaults."""
    found: dict[str, object] = {}
    for field in msgspec.structs.fields(Rule):
        value = getattr(rule, field.name)
        if value not in (None, (), {}) and value != field.default:
            found[field.encode_name] = str(value) if field.name == "rate" else _word(value)
    return found


def _word(value: object) -> object:
    if isinstance(value, Quantity):
        return str(value)
    if isinstance(value, tuple):
        return [_word(item) for item in cast("tuple[object, ...]", value)]
    return msgspec.to_builtins(value)


def _sensor(sensor: Sensor | None) -> dict[str, object]:
    if sensor is None:
        return {}
    known = {"kind": sensor.kind, "unit": sensor.unit, "range": sensor.range, "label": sensor.label}
    return {name: value for name, value in {**known, "stale_after": sensor.stale_after}.items() if value}
