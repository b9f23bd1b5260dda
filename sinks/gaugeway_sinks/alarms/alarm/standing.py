"""Where an alarm stands: its three axes, its numbers and what it has measured."""

from typing import Final

import msgspec

from gaugeway_sinks.alarms.alarm.attention import Attention
from gaugeway_sinks.alarms.alarm.bursts import Bursts
from gaugeway_sinks.alarms.alarm.condition import Condition
from gaugeway_sinks.alarms.alarm.event import Name
from gaugeway_sinks.alarms.alarm.suppression import Suppression

SUPPRESSED: Final = {"out_of_service": "OOSRV", "shelved": "SHLVD", "inhibited": "DSUPR"}


class Standing(msgspec.Struct, omit_defaults=True):
    """All that an alarm has to remember over a restart.

    `told` is the occurrence that was announced as raised and not yet as cleared, 0 if there is none. `n` counts the
    steps of an occurrence, also the silent ones; its first crossing is the first, being raised the second.
    """

    condition: Condition = msgspec.field(default_factory=Condition)
    attention: Attention = msgspec.field(default_factory=Attention)
    suppression: Suppression = msgspec.field(default_factory=Suppression)
    chatter: Bursts | None = None
    unknown: bool = False
    occurrence: int = 0
    n: int = 0
    told: int = 0
    event: Name | None = None
    seq: int = 0
    line: tuple[float, float, bool] | None = None
    measured: float | None = None
    peak: float | None = None
    samples: int = 0
    crossed_since: float | None = None
    first_crossed: float | None = None
    raised: float | None = None
    cleared: float | None = None

    @property
    def isa(self) -> str:
        """The name of this state in ISA-18.2."""
        suppressed = self.suppression.name
        if suppressed is not None:
            return SUPPRESSED[suppressed]
        if not self.attention.acked:
            return "UNACK" if self.condition.raised and not self.condition.latched else "RTNUN"
        return "ACKED" if self.condition.raised else "NORM"

    def begin(self, wall: float | None) -> None:
        """Take in that the limit is crossed since then, for how long is to be seen."""
        self.crossed_since, self.samples, self.peak = wall, 0, None
        self.n += 1

    def occur(self, wall: float | None) -> None:
        """Take in that it was raised then, which is one more occurrence."""
        self.occurrence += 1
        self.n = 1
        self.first_crossed, self.crossed_since = self.crossed_since, None
        self.raised, self.cleared = wall, None

    def shift(self, seconds: float) -> None:
        """Go over to a stream whose time is ahead by so much."""
        if self.suppression.shelved_until is not None:
            self.suppression.shelved_until += seconds
        if self.attention.remind_at is not None:
            self.attention.remind_at += seconds
        if self.chatter is not None:
            self.chatter.recent = [moment + seconds for moment in self.chatter.recent]
