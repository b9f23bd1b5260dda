"""How many events alarms lead to in a day at the worst: when a value does nothing but cross its limit."""

from collections.abc import Sequence
from typing import Final, cast

from gaugeway.config.cost.flow import DAY, Flow
from gaugeway.plan import Plan, SinkUse
from gaugeway.rule import Rule
from gaugeway.sensor import chosen

ANNOUNCING: Final = frozenset({"webhook", "email", "command"})
SEVERITIES: Final = ("info", "warning", "critical")
FLOOD: Final = 30
TOLD: Final = ("raised", "cleared", "reminded")
"""What an announcing sink tells of unless it says otherwise, of what can come often."""


def events(plan: Plan, sink: SinkUse, flows: Sequence[Flow]) -> float:
    """Return the events that a sink may have to tell of; 0 for one that tells of none."""
    if sink.type in ANNOUNCING:
        words = cast("Sequence[str]", sink.options.get("events", TOLD))
        least = SEVERITIES.index(str(sink.options.get("severity", "info")))
        rules = [rule for rule in plan.rules.values() if SEVERITIES.index(rule.severity) >= least]
        return sum(_of_rule(rule, words, sink, flows) for rule in rules)
    if sink.type != "alert" and "broker" not in sink.options:
        return 0.0
    flood = sink.options.get("flood", FLOOD)
    most = DAY / 60 * (flood if isinstance(flood, int) else FLOOD)
    return min(most, sum(_of_rule(rule, TOLD, sink, flows) for rule in plan.rules.values()))


def _of_rule(rule: Rule, words: Sequence[str], sink: SinkUse, flows: Sequence[Flow]) -> float:
    watched = [
        flow.period for flow in flows for name, sensor in flow.watched(rule) if chosen(sink.select, name, sensor)
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
