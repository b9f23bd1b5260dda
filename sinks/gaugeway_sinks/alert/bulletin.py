"""What is retained on the broker: which of it is out of date, and how it reads at present."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from gaugeway import version
from gaugeway.mqtt import Message
from gaugeway_sinks.alarms.alarm.alarm import Alarm
from gaugeway_sinks.alarms.alarm.event import Event
from gaugeway_sinks.alarms.alarm.snapshot import describe
from gaugeway_sinks.alarms.panel.view import View
from gaugeway_sinks.alarms.post.post import Post
from gaugeway_sinks.alarms.tracks.track import Track
from gaugeway_sinks.alert.birth import birth
from gaugeway_sinks.alert.home_assistant import HomeAssistant, discovery
from gaugeway_sinks.alert.summary import summary

ONLINE = b"online"
OFFLINE = b"offline"


class Stale(msgspec.Struct):
    """What is out of date on the broker. What could not be published is put back with `merge`."""

    alarms: dict[str, Alarm] = {}
    tracks: dict[str, Track] = {}
    ghosts: dict[str, None] = {}
    summary: bool = False
    birth: bool = False
    discovery: bool = False

    def __len__(self) -> int:
        once = self.summary + self.birth + self.discovery
        return len(self.alarms) + len(self.tracks) + len(self.ghosts) + once

    def merge(self, other: "Stale") -> None:
        """Take in what else is out of date."""
        self.alarms.update(other.alarms)
        self.tracks.update(other.tracks)
        self.ghosts.update(other.ghosts)
        self.summary = self.summary or other.summary
        self.birth = self.birth or other.birth
        self.discovery = self.discovery or other.discovery


class Bulletin:
    """Writes what is retained. The caller sees to it that nothing changes meanwhile."""

    def __init__(
        self,
        view: View,
        post: Post,
        root: str,
        home_assistant: HomeAssistant | None,
        stamped: Callable[[Event], bytes],
    ) -> None:
        self.view = view
        self.post = post
        self.root = root
        self.home_assistant = home_assistant
        self.former: dict[str, str] = {}
        self._stamped = stamped

    def topics(self) -> set[str]:
        """Return the topics on which something is retained for as long as its alarm or sensor is configured."""
        found = {self._state(key) for key in self.view.alarms}
        found |= {self._availability(name) for name in self.view.tracks}
        if self.home_assistant is not None:
            found.add(self.home_assistant.topic(self.view.panel.node))
        return found

    def parts(self) -> dict[str, str]:
        """Return what is announced to Home Assistant, by its platform."""
        if self.home_assistant is None:
            return {}
        announced = discovery(self.view, self.root, self.home_assistant, {}, "")
        return {name: part.platform for name, part in announced.components.items()}

    def whole(self) -> Iterator[Message]:
        """Return all that is retained, the status last: who reads `online` can rely on the rest."""
        everything = Stale(dict(self.view.alarms), dict(self.view.tracks), {}, summary=True, birth=True)
        everything.discovery = self.home_assistant is not None
        yield from self.current(everything)
        yield self._retained("status/detail", b"running")
        yield self._retained("status", ONLINE)

    def farewell(self) -> list[Message]:
        """Return the last words before a clean stop."""
        return [self._retained("status/detail", b"stopped"), self.will()]

    def will(self) -> Message:
        """Return what the broker is to say of a gateway that is gone."""
        return self._retained("status", OFFLINE)

    def current(self, stale: Stale) -> Iterator[Message]:
        """Return how what is out of date reads at present."""
        for topic in stale.ghosts:
            yield Message(topic, b"", 1, retain=True)
        if stale.birth:
            yield self._retained("birth", msgspec.json.encode(birth(self.view)))
        if stale.discovery and self.home_assistant is not None:
            yield self._discovery(self.home_assistant)
        yield from self._sensors(stale.tracks)
        yield from self._alarms(stale.alarms.values())
        if stale.summary:
            yield self._retained("alerts/summary", msgspec.json.encode(summary(self.view, self.post)))

    def _sensors(self, tracks: Mapping[str, Track]) -> Iterator[Message]:
        for name, track in tracks.items():
            yield Message(self._availability(name), ONLINE if track.online else OFFLINE, 1, retain=True)

    def _alarms(self, alarms: Iterable[Alarm]) -> Iterator[Message]:
        for alarm in alarms:
            track = self.view.panel.tracks.get(alarm.sensor)
            event = describe(alarm, self.view.panel.node, alarm.standing.event, alarm.line.stream.now, track)
            yield Message(self._state(alarm.key), self._stamped(event), 1, retain=True)

    def _discovery(self, settings: HomeAssistant) -> Message:
        announced = discovery(self.view, self.root, settings, self.former, version())
        return Message(settings.topic(self.view.panel.node), msgspec.json.encode(announced), 1, retain=True)

    def _state(self, key: str) -> str:
        return f"{self.root}/alert/{key}/state"

    def _availability(self, name: str) -> str:
        return f"{self.root}/sensor/{name}/availability"

    def _retained(self, topic: str, payload: bytes) -> Message:
        return Message(f"{self.root}/{topic}", payload, 1, retain=True)
