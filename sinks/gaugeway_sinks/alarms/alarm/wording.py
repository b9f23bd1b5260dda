"""The sentence that a person receives."""

from typing import Final

from gaugeway_sinks.alarms.alarm.event import Event

PARTS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
TALES: Final = {
    "cleared": "no longer {state}",
    "acked": "acknowledged by {acked_by}",
    "shelved": "{suppressed} by {suppressed_by}",
    "unshelved": "no longer shelved or out of service",
    "inhibited": "inhibited by {suppressed_by}",
    "stale": "says nothing; what {rule} knows is from before",
    "recovered": "speaks again",
    "chattering": "{rule} chatters; its single events are withheld for a while",
    "removed": "{rule} is no longer configured",
}


def sentence(event: Event, template: str | None, held: float) -> str:
    """Return the message of an event: the operator's template, or what happened in plain words.

    `held` is the on-delay. A template that cannot be filled (a format for a number where there is none yet) gives
    way to the plain words.
    """
    if template is not None:
        try:
            return template.format_map(_fields(event))
        except (ValueError, TypeError, LookupError, AttributeError):
            pass
    state = _state(event, held)
    tale = TALES.get(event.event or "", "{state}")
    if event.event in ("reminded", "resumed", None):
        tale = _standing(event)
    facts = {"state": state, "rule": event.rule, "acked_by": event.acked_by or "nobody"}
    facts["suppressed"] = (event.suppressed or "").replace("_", " ")
    facts["suppressed_by"] = str(event.suppressed_by or "nobody")
    return f"{_subject(event)}, {tale.format_map(facts)}"


def span(seconds: float) -> str:
    """Return a duration as people write it: `1 min 30 s`."""
    if seconds < 1 or seconds != int(seconds):
        return f"{seconds:g} s"
    left, words = int(seconds), list[str]()
    for size, unit in PARTS:
        count, left = divmod(left, size)
        if count:
            words.append(f"{count} {unit}")
    return " ".join(words)


def _subject(event: Event) -> str:
    if event.value is None or event.op in ("stale", "stuck", "quality"):
        return event.sensor
    return f"{event.sensor} {event.value:g} {event.unit}".rstrip()


def _standing(event: Event) -> str:
    """Return how an alarm stands, where nothing has just happened to it."""
    if not event.active:
        return "well" if event.condition == "normal" else "{state}, not for long enough yet"
    if event.condition == "clearing":
        return "no longer {state}, not for long enough yet or not acknowledged"
    value, limit, clear_at = event.value, event.threshold, event.clear_at
    if value is not None and clear_at is not None and not isinstance(limit, str | tuple):
        if event.op == "above" and value < limit:
            return f"not yet under {clear_at:g} {event.unit}".rstrip()
        if event.op == "below" and value > limit:
            return f"not yet over {clear_at:g} {event.unit}".rstrip()
    return "still {state}" if event.event == "reminded" else "{state}"


def _state(event: Event, held: float) -> str:
    limit = event.threshold
    if event.op == "quality":
        words = f"of {limit} quality"
    elif isinstance(limit, str):
        words = limit
    elif isinstance(limit, tuple):
        words = f"outside {limit[0]:g} to {limit[1]:g} {event.unit}".rstrip()
    elif event.op in ("stale", "stuck"):
        words = f"{'silent' if event.op == 'stale' else 'unchanged'} for {span(limit)}"
    else:
        words = f"{_verb(event.op, limit)} {limit:g} {event.unit}".rstrip()
    return f"{words} for {span(held)}" if held and event.event in ("raised", "reminded") else words


def _verb(op: str, limit: float) -> str:
    if op != "rate":
        return op
    return "rising faster than" if limit > 0 else "falling faster than"


def _fields(event: Event) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}
