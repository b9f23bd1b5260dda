"""What all ways out have in common: order, one telling for each event, filters, silence after a restart."""

from collections.abc import Iterator, Mapping, Sequence

import pytest
from tests.sinks.announce.kit import HOT, Plant

from gaugeway import DeviceError, Quantity, Rule, Site
from gaugeway_sinks.alarms.alarm.event import Event, Name
from gaugeway_sinks.announce import USUAL, Announcer
from gaugeway_sinks.announce.announcer import Severity


class Wire(Announcer):
    """Tells to a list; `breaks` says after how many events it does not work."""

    def __init__(self, site: Site, *, severity: Severity = "info", events: Sequence[Name] = USUAL) -> None:
        super().__init__(site, severity=severity, events=events, stale_after=300.0)
        self.told: list[Event] = []
        self.breaks: int | None = None

    def send(self, events: Sequence[Event]) -> Iterator[int]:
        for event in events:
            if self.breaks == 0:
                raise DeviceError("the wire is cut")
            self.breaks = None if self.breaks is None else self.breaks - 1
            self.told.append(event)
            yield 1

    @property
    def words(self) -> list[str]:
        return [str(event.event) for event in self.told]


def test_an_event_is_told_in_order() -> None:
    """A raise before its clear."""
    plant = Plant(Wire)
    plant.read(86.0, 80.0, 87.0)
    plant.deliver()
    assert plant.sink.words == ["raised", "cleared", "raised"]
    assert [event.value for event in plant.sink.told] == [86.0, 80.0, 87.0]


def test_what_was_told_before_a_failure_is_not_told_again() -> None:
    """The outbox hands over the whole batch once more."""
    plant = Plant(Wire)
    plant.read(86.0, 80.0, 87.0)
    plant.sink.breaks = 2
    assert plant.fails() == "the wire is cut"
    plant.sink.breaks = None
    plant.deliver()
    assert plant.sink.words == ["raised", "cleared", "raised"]


def test_who_is_slow_says_what_is_done_with_and_goes_on_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restart repeats no more than what was told in a moment."""
    monkeypatch.setattr("gaugeway_sinks.announce.announcer.MOMENT", 0.0)
    plant = Plant(Wire)
    plant.read(86.0, 80.0, 87.0)
    count = plant.sink.deliver(plant.outbox)
    assert (plant.sink.words, 0 < count < len(plant.outbox)) == (["raised"], True)
    del plant.outbox[:count]
    while plant.outbox:
        del plant.outbox[: plant.sink.deliver(plant.outbox)]
    assert plant.sink.words == ["raised", "cleared", "raised"]


def test_an_urgent_batch_may_come_between_two_tries() -> None:
    """What the first batch has told stays told."""
    plant = Plant(Wire)
    plant.read(86.0, 80.0)
    first, plant.outbox = plant.outbox, []
    plant.sink.breaks = 1
    with pytest.raises(DeviceError):
        plant.sink.deliver(first)
    plant.sink.breaks = None
    plant.read(88.0)
    plant.deliver()
    plant.sink.deliver(first)
    assert [event.value for event in plant.sink.told] == [86.0, 88.0, 80.0]


def test_a_restart_raises_nothing_twice() -> None:
    """The alarm stands before and after; what the outbox still has is told by the new one."""
    plant = Plant(Wire)
    plant.read(86.0)
    plant.restart()
    plant.read(87.0)
    plant.deliver()
    assert plant.sink.words == ["raised"]
    plant.restart()
    plant.read(88.0, 80.0)
    plant.deliver()
    assert plant.sink.words == ["cleared"]


def test_what_waited_long_is_history_and_a_late_reminder_is_nothing() -> None:
    """The network was away: what happened is told, that it still stood is not."""
    plant = Plant(Wire, {"hot": Rule(sensor="t", above=Quantity(85, "°C"), remind=30.0)})
    plant.read(86.0)
    plant.sink.breaks = 0
    plant.fails()
    plant.wait(31)
    plant.wait(20)
    plant.sink.breaks = None
    plant.deliver()
    assert [(event.event, event.historical) for event in plant.sink.told] == [("raised", True)]


def test_only_what_is_bad_enough_is_told() -> None:
    """The rule is a warning, and somebody wants to hear of what is critical."""
    mild = Rule(sensor="t", above=Quantity(85, "°C"), severity="warning")
    plant = Plant(lambda site: Wire(site, severity="critical"), {"mild": mild, "hot": HOT})
    plant.read(86.0)
    plant.deliver()
    assert [event.rule for event in plant.sink.told] == ["hot"]


def test_only_the_events_that_are_wanted_are_told() -> None:
    """Of two transitions one is of interest."""
    plant = Plant(lambda site: Wire(site, events=["cleared"]))
    plant.read(86.0, 80.0)
    plant.deliver()
    assert plant.sink.words == ["cleared"]


def test_a_dead_sensor_is_told_of() -> None:
    """Without any rule: silence is an alarm of its own."""
    plant = Plant(Wire, {})
    plant.read(20.0)
    plant.wait(301)
    plant.deliver()
    assert [(event.rule, event.event) for event in plant.sink.told] == [("stale@t", "raised")]


def test_a_latched_alarm_waits_for_somebody_who_says_so_elsewhere() -> None:
    """There is one panel: an acknowledgement at the command line lets it clear here too."""
    plant = Plant(Wire, {"hot": Rule(sensor="t", above=Quantity(85, "°C"), latch=True)})
    plant.read(86.0, 80.0, 86.0)
    answers: list[Mapping[str, object]] = []
    plant.sink.station.order({"alert": "hot", "cmd": "ack", "occurrence": 1, "by": "ann"}, answers.append)
    plant.read(80.0, 86.0)
    plant.deliver()
    assert [answer["ok"] for answer in answers] == [True]
    assert plant.sink.words == ["raised", "cleared", "raised"]


def test_a_flood_is_told_event_by_event() -> None:
    """There is no summary to look up, so none is withheld."""
    rules = {f"hot_{number}": HOT for number in range(100)}
    plant = Plant(Wire, rules)
    plant.read(86.0)
    plant.deliver()
    assert len(plant.sink.told) == 100
