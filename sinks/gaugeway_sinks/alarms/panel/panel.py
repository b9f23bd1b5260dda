"""All alarms of a node together: readings and time go in, events come out. No clock, no network, no thread."""

from collections.abc import Mapping, Sequence
from typing import Final

from gaugeway import Clock, Reading, Rule, Sensor, Sensors
from gaugeway_sinks.alarms.alarm.alarm import Alarm
from gaugeway_sinks.alarms.alarm.event import Event, Name, Told
from gaugeway_sinks.alarms.alarm.snapshot import badge, describe, farewell
from gaugeway_sinks.alarms.crossing import INF
from gaugeway_sinks.alarms.panel.memory import Kept, Memory
from gaugeway_sinks.alarms.panel.roster import Roster
from gaugeway_sinks.alarms.tracks.stream import Past, Stream
from gaugeway_sinks.alarms.tracks.track import Track

RETIRED: Final = 1000
USABLE: Final = frozenset({"good", "uncertain"})


class Panel:
    """Evaluates every rule on every reading and tick, and collects what there is to say.

    `changed_alarms` and `changed_tracks` are those whose snapshots are others than when somebody last took them out,
    `grown` says that there are alarms or sensors that were not there, `news` that there is anything to say at all.
    """

    def __init__(
        self,
        node: str,
        rules: Mapping[str, Rule],
        sensors: Sensors[Sensor],
        *,
        pipelines: Sequence[str] = (),
        stale_after: float,
    ) -> None:
        self.node = node
        self.sensors = sensors
        self.pipelines = frozenset(pipelines)
        self.roster = Roster(rules, stale_after, self)
        self.tracks: dict[str, Track] = {}
        self.seq = 0
        self.made = 0.0
        self.changed_alarms: dict[str, Alarm] = {}
        self.changed_tracks: dict[str, Track] = {}
        self.grown = True
        self.news = True
        self._streams: dict[str, Stream] = {}
        self._told: list[Told] = []
        self._gone: dict[str, Kept] = {}
        self._retired: dict[str, tuple[int, int]] = {}
        self._open = False

    @property
    def alarms(self) -> Mapping[str, Alarm]:
        """All alarms, by their key."""
        return self.roster.alarms

    def consume(self, batch: Sequence[Reading], clock: Clock) -> list[Told]:
        """Take a batch in and return the events that it led to."""
        stream = self._streams.get(clock.pipeline) or self._stream(clock)
        self.made = max(self.made, clock.now)
        if stream.live:
            self._begin(stream, clock.now)
            self._read(batch, stream)
        else:
            for reading in batch:
                self._begin(stream, reading.time if -INF < reading.time < INF else stream.past.shown)
                self._read((reading,), stream)
        return self._end(stream)

    def tick(self, now: float, clock: Clock) -> list[Told]:
        """Let time pass and return the events that it led to; that of a recording begins with its first reading."""
        stream = self._streams.get(clock.pipeline) or self._stream(clock)
        self.made = max(self.made, clock.now)
        if stream.live:
            self._begin(stream, now)
        elif stream.begun:
            self._begin(stream, clock.now)
        return self._end(stream)

    def say(self, alarm: Alarm, event: Name, now: float) -> None:
        """Announce an event of an alarm."""
        alarm.standing.seq = self._number()
        self._tell(alarm.key, describe(alarm, self.node, event, now, self.tracks.get(alarm.sensor)))

    def changed(self, alarm: Alarm) -> None:
        """Remember that an alarm's snapshot is another."""
        self.changed_alarms[alarm.key] = alarm
        self.news = True

    def turned(self, alarm: Alarm, now: float) -> None:
        """Silence those that are to be silent while this alarm stands, or let them speak again."""
        for other in self.roster.inhibited(alarm):
            stream = other.line.stream
            moment = now if stream is alarm.line.stream else stream.now
            if alarm.active:
                other.inhibit(alarm.key, moment)
            else:
                other.release(alarm.key, moment)

    def forget_news(self) -> None:
        """Forget what has changed, because whoever has to tell knows it."""
        self.changed_alarms, self.changed_tracks = {}, {}
        self.grown = self.news = False

    def availability(self, track: Track) -> None:
        """Remember that a sensor has become silent, or speaks again."""
        self.changed_tracks[track.name] = track
        self.news = True

    def save(self) -> Memory:
        """Return all that has to be remembered over a restart."""
        return Memory(
            seq=self.seq,
            made=self.made,
            streams={stream.name: stream.past for stream in self._streams.values()},
            tracks={track.name: track.save() for track in self.tracks.values()},
            alarms={alarm.key: Kept(badge(alarm), alarm.save()) for alarm in self.alarms.values()} | self._gone,
            retired=self._retired,
        )

    def restore(self, memory: Memory) -> None:
        """Take it back; what is no longer configured is taken leave of with the next reading or tick."""
        self.seq, self.made, self._retired = memory.seq, memory.made, memory.retired
        self._streams = {name: Stream(name, past) for name, past in memory.streams.items()}
        for name, past in memory.tracks.items():
            if past.stream in self._streams and not (past.declared and self.sensors.find(name) is None):
                unit = past.last.unit if past.last else None
                self._meet(name, self._streams[past.stream], unit).restore(past)
        for key, kept in memory.alarms.items():
            alarm = self.alarms.get(key)
            if alarm is None:
                self._gone[key] = kept
            else:
                alarm.restore(kept.standing)
                if alarm.rule.joint and kept.badge.sensor in self.tracks:
                    alarm.sensor = kept.badge.sensor
        for track in self.tracks.values():
            track.stream.add(track)
        for alarm in self.alarms.values():
            alarm.line.stream.add(alarm)

    def _stream(self, clock: Clock) -> Stream:
        """Return the stream of a pipeline that was not heard of before, or of a clock that is no pipeline's."""
        name = clock.pipeline or ("live" if clock.live else "recorded")
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = Stream(name, Past(clock.live, clock.now if clock.live else -INF))
            for track in self.tracks.values():
                if clock.live and not track.stream.live and track.last is None:
                    self._transfer(track, stream)
        return stream

    def _begin(self, stream: Stream, shown: float) -> None:
        """Go on to what the clock shows, and do what was due before this moment."""
        stream.follow(shown)
        if not self._open:
            self._open = True
            self._open_up(stream)
        if stream.due < stream.now:
            stream.ring(before=True)

    def _end(self, stream: Stream) -> list[Told]:
        """Do what is due at this moment, and hand out what there is to say."""
        if stream.due <= stream.now:
            stream.ring()
        told, self._told = self._told, []
        return told

    def _open_up(self, stream: Stream) -> None:
        """Meet the sensors that are known by name, and put right what a new configuration has changed."""
        for name in dict.fromkeys((*self.sensors.names(), *self.roster.named())):
            if name not in self.tracks:
                self._meet(name, stream, None)
        for track in self.tracks.values():
            if stream.name in self.pipelines and track.stream.name not in self.pipelines:
                self._transfer(track, stream)
        for alarm in self.alarms.values():
            standing = {other.key for other in self.roster.inhibitors(alarm) if other.active}
            for key in alarm.standing.suppression.inhibitors:
                if key not in standing:
                    alarm.release(key, alarm.line.stream.now)
            for key in sorted(standing):
                alarm.inhibit(key, alarm.line.stream.now)
        for key, kept in self._gone.items():
            self._take_leave(key, kept, stream)
        self._gone = {}

    def _take_leave(self, key: str, kept: Kept, stream: Stream) -> None:
        kept.standing.n += 1
        kept.standing.seq = self._number()
        self._retired[key] = (kept.standing.occurrence, kept.standing.n)
        for oldest in list(self._retired)[:-RETIRED]:
            del self._retired[oldest]
        self._tell(key, farewell(key, kept.badge, kept.standing, self.node, stream.wall(stream.now)))

    def _read(self, batch: Sequence[Reading], stream: Stream) -> None:
        if batch and batch[-1].stamp != "device":
            stream.anchor(batch[-1].time)
        now, tracks = stream.now, self.tracks
        for came in batch:
            track = tracks.get(came.sensor) or self._meet(came.sensor, stream, came.unit)
            reading = came if came.unit == track.unit else track.measured(came)
            if track.low < reading.value < track.high and reading.quality == "good":
                track.last = reading
                track.heard = now
            else:
                self._read_long(reading, track, stream)

    def _read_long(self, reading: Reading, track: Track, stream: Stream) -> None:
        """Take in a reading that may change something."""
        if not track.complete:
            self._enlist(track, reading.unit)
        if track.stream is not stream:
            self._transfer(track, stream)
        if reading.quality in USABLE and -INF < reading.value < INF:
            track.hear(reading, stream.now)
        else:
            track.grade(reading, stream.now)

    def _meet(self, name: str, stream: Stream, unit: str | None) -> Track:
        """Take in a sensor that was not seen before."""
        sensor = self.sensors.find(name)
        track = Track(name, sensor, self.roster.timeout(name, sensor), stream, self)
        self.tracks[name] = track
        self._enlist(track, sensor.unit if sensor and sensor.unit else unit)
        stream.add(track)
        self.availability(track)
        return track

    def _enlist(self, track: Track, unit: str | None) -> None:
        """Make the alarms of a sensor."""
        track.unit = track.unit or unit or ""
        for alarm in self.roster.enlist(track, unit):
            alarm.continue_from(*self._retired.pop(alarm.key, (0, 0)))
            standing = (other.key for other in self.roster.inhibitors(alarm) if other.active)
            alarm.standing.suppression.inhibitors = tuple(standing)
            track.stream.add(alarm)
            self.changed(alarm)
        self.grown = self.news = True

    def _transfer(self, track: Track, stream: Stream) -> None:
        """Let a sensor that was waited for in one pipeline, and came in another, go on there with its alarms."""
        former, ahead = track.stream, stream.now - track.stream.now
        moving = [alarm for alarm in self.alarms.values() if alarm.concerns(track.name, track.sensor)]
        for alarm in moving:
            former.remove(alarm)
            alarm.standing.shift(ahead)
            alarm.line.move(stream)
        former.remove(track)
        track.move(stream)
        stream.add(track)
        for alarm in moving:
            stream.add(alarm)

    def _number(self) -> int:
        self.seq += 1
        return self.seq

    def _tell(self, key: str, event: Event) -> None:
        self.news = True
        self._told.append(Told(key, self.made, event))
