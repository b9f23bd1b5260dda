"""What the alarms of a node remember over a restart."""

import msgspec

from gaugeway_sinks.alarms.alarm.snapshot import Badge
from gaugeway_sinks.alarms.alarm.standing import Standing
from gaugeway_sinks.alarms.tracks.stream import Past
from gaugeway_sinks.alarms.tracks.track import Remembered


class Kept(msgspec.Struct):
    """What is kept of one alarm: what it is, and where it stands."""

    badge: Badge
    standing: Standing


class Memory(msgspec.Struct, kw_only=True):
    """All that is kept. `retired` holds the last occurrence and step of alarms that are no longer configured.

    Should they come back, their numbers go on from there: an identity is never given twice.
    """

    seq: int
    made: float
    streams: dict[str, Past]
    tracks: dict[str, Remembered]
    alarms: dict[str, Kept]
    retired: dict[str, tuple[int, int]] = {}
