"""The alarms as one way out sees them: those of its sensors, and what it has not told of them yet."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gaugeway import chosen
from gaugeway_sinks.alarms.alarm.alarm import Alarm
from gaugeway_sinks.alarms.alarm.command import Result
from gaugeway_sinks.alarms.alarm.event import Told
from gaugeway_sinks.alarms.panel.panel import Panel
from gaugeway_sinks.alarms.tracks.track import Track

MOST: Final = 10_000
"""So many events wait here for a sink that does not take any; they are in memory, so there has to be an end."""


class View:
    """What the panel has for one sink. With `select`, for an alarm on several sensors one of them is enough.

    `told` are the events that it has not taken yet, `lost` counts those that it will never take, `answers` are the
    outcomes of commands by the topics that they go to. `alarms_changed` and `tracks_changed` are those whose snapshots
    are others than when somebody last took them out; `stirred` says the same of the sum, `grown` of what there is.
    `news` says that there may be something of all this; a sink that has taken everything takes that back.
    """

    def __init__(self, panel: Panel, select: tuple[str, ...] = ()) -> None:
        self.panel = panel
        self.told: deque[Told] = deque()
        self.lost = 0
        self.answers: list[tuple[str, Result]] = []
        self.alarms_changed: dict[str, Alarm] = {}
        self.tracks_changed: dict[str, Track] = {}
        self.stirred = True
        self.grown = True
        self.news = True
        self._select = select
        self._known: dict[str, bool] = {}

    @property
    def alarms(self) -> Mapping[str, Alarm]:
        """The alarms that it sees, by their key."""
        every = self.panel.alarms
        return {key: alarm for key, alarm in every.items() if self.sees_alarm(alarm)} if self._select else every

    @property
    def tracks(self) -> Mapping[str, Track]:
        """The sensors that it sees."""
        every = self.panel.tracks
        return {name: track for name, track in every.items() if self.sees(name)} if self._select else every

    @property
    def sees_all(self) -> bool:
        """Whether nothing is kept from it."""
        return not self._select

    def sees(self, sensor: str) -> bool:
        """Tell whether it sees a sensor."""
        known = self._known.get(sensor)
        if known is None:
            known = self._known[sensor] = chosen(self._select, sensor, self.panel.sensors.find(sensor))
        return known

    def sees_alarm(self, alarm: Alarm) -> bool:
        """Tell whether it sees an alarm."""
        if not self._select or self.sees(alarm.sensor):
            return True
        tracks = self.panel.tracks
        return alarm.rule.joint and any(alarm.concerns(name, tracks[name].sensor) for name in filter(self.sees, tracks))

    def note(self, told: Sequence[Told]) -> None:
        """Take in what the panel has come to, before the panel forgets what of it is news."""
        panel = self.panel
        self.news = True
        for one in told:
            if self._concerned(one):
                if len(self.told) >= MOST:
                    self.told.popleft()
                    self.lost += 1
                self.told.append(one)
        self.alarms_changed |= {key: alarm for key, alarm in panel.changed_alarms.items() if self.sees_alarm(alarm)}
        self.tracks_changed |= {name: track for name, track in panel.changed_tracks.items() if self.sees(name)}
        self.stirred = self.stirred or bool(told or panel.changed_alarms)
        self.grown = self.grown or panel.grown

    def answer(self, topic: str, result: Result) -> None:
        """Take in what came of a command."""
        self.answers.append((topic, result))
        self.news = True

    def resume(self, waiting: Iterable[Told]) -> None:
        """Take back the events that waited at the end of the last run."""
        self.told.extend(waiting)
        self.news = True

    def take(self) -> list[Told]:
        """Return the events that were not taken before."""
        taken = list(self.told)
        self.told.clear()
        return taken

    def _concerned(self, told: Told) -> bool:
        alarm = self.panel.alarms.get(told.key)
        if alarm is not None:
            return self.sees_alarm(alarm)
        return any(self.sees(name) for name in told.event.sensor.split(" - "))
