"""How all alarms of a node stand."""

from collections.abc import Iterable

import msgspec

from gaugeway_sinks.alarms.alarm.alarm import Alarm
from gaugeway_sinks.alarms.panel.view import View
from gaugeway_sinks.alarms.post.post import Post


class Summary(msgspec.Struct, kw_only=True):
    """How all alarms of a node stand. In a flood `withheld` events were not sent one by one."""

    schema: str = "gaugeway.summary/1"
    node: str
    counts: dict[str, int]
    active: list[str]
    unacked: list[str]
    flood: bool
    withheld: int
    seq: int


def summary(view: View, post: Post) -> Summary:
    """Return how all alarms stand that one way out sees."""
    alarms = view.alarms.values()
    return Summary(
        node=view.panel.node,
        counts=_counts(alarms),
        active=[alarm.key for alarm in alarms if alarm.active],
        unacked=[alarm.key for alarm in alarms if not alarm.standing.attention.acked],
        flood=post.flooding,
        withheld=post.withheld,
        seq=view.panel.seq,
    )


def _counts(alarms: Iterable[Alarm]) -> dict[str, int]:
    counts = {"normal": 0, "pending": 0, "active": 0, "clearing": 0}
    counts |= {"unacked": 0, "shelved": 0, "inhibited": 0, "out_of_service": 0, "unknown": 0}
    for alarm in alarms:
        standing = alarm.standing
        counts[standing.condition.state] += 1
        counts["unacked"] += not standing.attention.acked
        counts["unknown"] += standing.unknown
        if standing.suppression.name is not None:
            counts[standing.suppression.name] += 1
    return counts
