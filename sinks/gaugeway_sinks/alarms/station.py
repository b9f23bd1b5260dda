"""Where alarms are judged: once for a gateway, before any sink that tells of them is handed anything."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gaugeway import Clock, ConfigError, Duration, Reading, Site, Tick, logger
from gaugeway_sinks.alarms.alarm.alarm import Alarm
from gaugeway_sinks.alarms.alarm.command import Result
from gaugeway_sinks.alarms.alarm.event import Event, Told
from gaugeway_sinks.alarms.alarm.snapshot import describe
from gaugeway_sinks.alarms.alarm.wording import span
from gaugeway_sinks.alarms.orders import Order, Orders, Reply
from gaugeway_sinks.alarms.panel.memory import Memory
from gaugeway_sinks.alarms.panel.panel import Panel
from gaugeway_sinks.alarms.panel.view import View
from gaugeway_sinks.alarms.papers.book import Book
from gaugeway_sinks.alarms.papers.diary import Diary

log = logger(__name__)

NAME: Final = "alarm panel"
STALE_AFTER: Final = 300.0
PATIENCE: Final = 10.0
"""Who asks on this computer waits for so long; a command that nobody waits for any more is not carried out."""

StaleAfter = Annotated[
    Duration | None,
    Meta(gt=0, description="The silence that counts as death of a sensor that says nothing of its own; 5min."),
]
"""An option of each sink that tells of alarms, and of the gateway as a whole."""


class Remembered(msgspec.Struct):
    """What is remembered over a restart: the alarms, and the number of the last order that has come to them."""

    panel: Memory
    orders: int = 0


class Station:
    """The alarm panel of a gateway in its place: the engine hands it all readings and ticks, before other sinks.

    The sinks of one gateway find it with `Station.of(site)` and get a `View` each, in which what they have to tell
    waits for them. So an alarm has one state, however many tell of it, and a command reaches all, wherever it came
    from. Whoever looks at the panel or at a view holds `lock` meanwhile.
    """

    def __init__(self, site: Site) -> None:
        self.name = NAME
        self.clock = Clock()
        self.lock = threading.RLock()
        self.panel = Panel(site.node, site.rules, site.sensors, pipelines=site.pipelines, stale_after=STALE_AFTER)
        self._orders = Orders(Book(site.storage / "orders.jsonl"))
        self._views: list[View] = []
        self._diary = Diary(site.storage / "alarms.jsonl")
        self._stated: tuple[float, str] | None = None

    @classmethod
    def of(cls, site: Site, stale_after: float | None = None) -> "Station":
        """Return the one of a gateway. `stale_after` is for all of it: where two sinks state it, they agree."""
        station = site.shared.get(NAME)
        if not isinstance(station, Station):
            station = site.shared[NAME] = cls(site)
        if stale_after is not None:
            station._agree_on(stale_after, site.name)
        return station

    def view(self, select: tuple[str, ...] = ()) -> View:
        """Return a view for one more sink."""
        view = View(self.panel, select)
        self._views.append(view)
        return view

    @property
    def unsaved(self) -> bool:
        """Whether a command was carried out that no saved state knows of: save soon, and it need not be replayed."""
        return self._orders.unsaved

    def consume(self, stream: Iterable[Reading]) -> None:
        """Judge a batch of readings, and hand out what it led to."""
        batch = stream if isinstance(stream, list) else list(stream)
        with self.lock:
            if self._orders.waiting:
                self._orders.carry_out(self.panel, self.clock, self._answer)
            told = self.panel.consume(batch, self.clock)
            if self.panel.news:
                self._hand_out(told)

    def tick(self, tick: Tick) -> None:
        """Let time pass, and hand out what it led to."""
        with self.lock:
            if self._orders.waiting:
                self._orders.carry_out(self.panel, self.clock, self._answer)
            told = self.panel.tick(tick.now, self.clock)
            if self.panel.news:
                self._hand_out(told)

    def judge(self, batch: Sequence[Reading]) -> list[Mapping[str, object]]:
        """Return what would be told of a batch, and tell nobody: for `gaugeway test` and for what-if."""
        return [_facts(told) for told in self.panel.consume(batch, self.clock)]

    def pass_time(self, tick: Tick) -> list[Mapping[str, object]]:
        """Return what would be told when time passes, and tell nobody."""
        return [_facts(told) for told in self.panel.tick(tick.now, self.clock)]

    def alarms(self) -> list[dict[str, object]]:
        """Return how every alarm stands; its `key` is what commands call it."""
        with self.lock:
            return [{"key": alarm.key} | self._described(alarm) for alarm in self.panel.alarms.values()]

    def history(self, most: int) -> list[dict[str, object]]:
        """Return up to so many of the latest events, the oldest first, also from before the start."""
        with self.lock:
            return self._diary.latest(most)

    def order(self, command: Mapping[str, object], reply: Callable[[Mapping[str, object]], None]) -> None:
        """Take a command of somebody on this computer, with the alarm's key as `alert`.

        It is carried out with the next reading or tick, on the pipeline's thread, and so is the reply. Those who
        listen to a broker are told too.
        """
        key = str(command.get("alert", ""))
        payload = msgspec.json.encode({name: said for name, said in command.items() if name != "alert"})

        def done(result: Result) -> None:
            self._answer(key, result)
            reply(msgspec.to_builtins(result))

        self._orders.take(Order(key=key, payload=payload, reply=done, until=time.monotonic() + PATIENCE))

    def obey(self, view: View, key: str, payload: bytes, reply: Reply, *, retained: bool) -> None:
        """Take a command that came to one of the sinks, about an alarm that it sees."""
        self._orders.take(Order(key=key, payload=payload, reply=reply, retained=retained, sees=view.sees_alarm))

    def report(self) -> dict[str, object]:
        """Say how the alarms stand."""
        with self.lock:
            alarms = self.panel.alarms.values()
            counts = Counter(alarm.standing.condition.state for alarm in alarms)
            facts: dict[str, object] = {"active": [alarm.key for alarm in alarms if alarm.active]}
            unacked = [alarm.key for alarm in alarms if not alarm.standing.attention.acked]
            return {**facts, "unacked": unacked, "counts": dict(counts)}

    def save(self) -> object:
        """Return all that has to be remembered, as plain data."""
        with self.lock:
            self._orders.unsaved = False
            return msgspec.to_builtins(Remembered(self.panel.save(), self._orders.number))

    def restore(self, saved: object) -> None:
        """Take it back."""
        remembered = msgspec.convert(saved, Remembered)
        with self.lock:
            self.panel.restore(remembered.panel)
            self._orders.resume(remembered.orders)

    def flush(self) -> None:
        """Make the history last."""
        with self.lock:
            self._diary.sync()

    def close(self) -> None:
        """Refuse the commands that it came to nothing with, while there is still somebody to tell of that."""
        with self.lock:
            self._orders.close()

    def _answer(self, key: str, result: Result) -> None:
        """Tell those who listen to a broker what came of a command that did not come from there."""
        with self.lock:  # one that is refused at once is answered on the thread of who asked
            for view in self._views:
                if key in view.alarms:  # what is no alarm may have a name that no topic can have
                    view.answer(f"alert/{key}/cmd/result", result)

    def _hand_out(self, told: Sequence[Told]) -> None:
        new = self._diary.add([one.event for one in told]) if told else []
        for view in self._views:
            view.note(told)
        self.panel.forget_news()
        _log(new)

    def _described(self, alarm: Alarm) -> dict[str, object]:
        """Return how an alarm stands; its message is of that, and not of what happened last."""
        panel = self.panel
        event = describe(alarm, panel.node, None, alarm.line.stream.now, panel.tracks.get(alarm.sensor))
        described: dict[str, object] = msgspec.to_builtins(event)
        return described | {"event": alarm.standing.event}

    def _agree_on(self, stale_after: float, sink: str) -> None:
        before = self._stated
        if before is not None and before[0] != stale_after:
            raise ConfigError(
                f"'stale_after' is {span(stale_after)} here and {span(before[0])} at '{before[1]}', but alarms are "
                "judged once for the whole gateway: say it at one of them"
            )
        self._stated = (stale_after, sink)
        self.panel.roster.stale_after = stale_after


def _log(events: Sequence[Event]) -> None:
    """Log what whoever reads the log looks for there; what people have ordered stands there as their command."""
    for event in events:
        if event.event in ("raised", "reminded", "chattering"):
            log.warning(f"{event.severity} alarm {event.event}", rule=event.rule, message=event.message)
        elif event.event == "cleared":
            log.info("alarm cleared", rule=event.rule, message=event.message)


def _facts(told: Told) -> dict[str, object]:
    event = told.event
    facts = {"alert": event.rule, "event": event.event, "sensor": event.sensor, "value": event.value}
    return {**facts, "severity": event.severity, "message": event.message}
