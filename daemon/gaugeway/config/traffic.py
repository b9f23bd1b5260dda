"""How many events alarms lead to in a day at the worst: when a value does nothing but cross its limit."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from gaugeway.plan import Plan, SinkUse
from gaugeway.rule import Rule
from gaugeway.sensor import Sensor, chosen

DAY: Final = 86_400
ANNOUNCING: Final = frozenset({"webhook", "email", "command"})
SEVERITIES: Final = ("info", "warning", "critical")
FLOOD: Final = 30
TOLD: Final = ("raised", "cleared", "reminded")
"""What an announcing sink tells of unless it says otherwise, of what can come often."""


def events(plan: Plan, sink: SinkUse, periods: Mapping[str, float]) -> float:
    """Return the events that a sink may have to tell of, given how often each sensor speaks; 0 for any other sink."""
    if sink.type in ANNOUNCING:
        words = cast("Sequence[str]", sink.options.get("events", TOLD))
        least = SEVERITIES.index(str(sink.options.get("severity", "info")))
        rules = [rule for rule in plan.rules.values() if SEVERITIES.index(rule.severity) >= least]
        return sum(_of_rule(rule, words, plan, sink, periods) for rule in rules)
    if sink.type != "alert" and "broker" not in sink.options:
        return 0.0
    flood = sink.options.get("flood", FLOOD)
    most = DAY / 60 * (flood if isinstance(flood, int) else FLOOD)
    return min(most, sum(_of_rule(rule, TOLD, plan, sink, periods) for rule in plan.rules.values()))


def _of_rule(rule: Rule, words: Sequence[str], plan: Plan, sink: SinkUse, periods: Mapping[str, float]) -> float:
    watched = [
        periods[name]
        for pipeline in plan.pipelines
        for name, sensor in _sensors(pipeline.source.sensors.declared, periods)
        if rule.watches(name, sensor) and chosen(sink.select, name, sensor)
    ]
    alarms = bool(watched) if rule.joint else len(watched)
    turns = sum(DAY / period for period in watched) / 2
    rest = rule.for_ + rule.clear_for + (rule.stale or 0.0) + (rule.stuck or 0.0)
    if rest > 0:
        turns = min(turns, alarms * DAY / rest)
    if rule.limit is not None:
        turns = min(turns, alarms * DAY / rule.limit.per * rule.limit.events / 2)
    reminders = alarms * DAY / rule.remind if rule.remind and "reminded" in words else 0.0
    return turns * sum(word in words for word in ("raised", "cleared")) + reminders


def _sensors(declared: Mapping[str, Sensor], periods: Mapping[str, float]) -> Iterable[tuple[str, Sensor]]:
    return ((name, sensor) for name, sensor in declared.items() if name in periods)
