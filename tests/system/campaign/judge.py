"""Compares what came of a campaign with what came of a run that nobody disturbed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice, pairwise
from typing import Final

import msgspec
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from tests.support.waiting import until

EVENTS: Final = "gw/plant1/alert/+/event"
EXAMPLES: Final = 3
Pages = Mapping[str, bytes]
"""What is in each file of an output."""
UP_TO_NOW: Final = "gw/plant1/alert/nothing/event"


class Line(msgspec.Struct, frozen=True):
    """What tells a line of the output from all others."""

    sensor: str
    time: float


class Event(msgspec.Struct, frozen=True):
    """An alarm event as far as it must be the same however often the gateway was killed."""

    id: str
    seq: int
    event: str
    sensor: str
    value: float | None
    occurrence: int
    n: int
    peak: float | None
    samples: int
    first_crossed: str | None
    raised: str | None
    cleared: str | None


class Verdict(msgspec.Struct, frozen=True):
    """What is wrong, in numbers; all of them should be zero, but for the repeats."""

    lines: int
    lost: int
    doubled: int
    strange: int
    identical: bool
    events: int
    events_lost: int
    events_changed: int
    events_repeated: int
    gaps: int
    examples: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Whether the crashes left no trace."""
        return self.identical and not (self.events_lost or self.events_changed or self.gaps)

    def __str__(self) -> str:
        same = "identical to" if self.identical else "NOT that of"
        return (
            f"output: {self.lines} lines, {same} an uninterrupted run; "
            f"{self.lost} lost, {self.doubled} doubled, {self.strange} that should not be there\n"
            f"alarms: {self.events} events, {self.events_lost} lost, {self.events_changed} changed, "
            f"{self.gaps} gaps; {self.events_repeated} repeated under the same id"
            + "".join(f"\n  {example}" for example in self.examples)
        )


def judge(output: Pages, reference: Pages, events: Sequence[Event], expected: Sequence[Event], parts: int) -> Verdict:
    """Compare files and alarm events.

    Where several sources share a file, how their lines mix is chance, and so is which of two events has which number:
    then each source's lines are compared by themselves, and the numbers only as a whole. A recording is one more.
    """
    numbers = list({event.id: event.seq for event in reversed(events)}.values())[::-1]
    if parts > 1:
        numbers = sorted({event.seq for event in events})
        events, expected = [_unnumbered(event) for event in events], [_unnumbered(event) for event in expected]
    found, wanted = _lines(output), _lines(reference)
    first: dict[str, Event] = {}
    right = {event.id: event for event in expected}
    changed = [event for event in events if event not in (right.get(event.id), first.setdefault(event.id, event))]
    changed += [event for event in first.values() if right.get(event.id) != event]
    doubled = [line for line, count in found.items() if count > 1]
    lost = wanted - found
    return Verdict(
        lines=found.total(),
        lost=lost.total(),
        doubled=sum(found[line] - 1 for line in doubled),
        strange=len(found.keys() - wanted.keys()),
        identical=output == reference or _by_source(output, parts) == _by_source(reference, parts),
        events=len(events),
        events_lost=len(right.keys() - first.keys()),
        events_changed=len(changed),
        events_repeated=len(events) - len(first),
        gaps=sum(after != before + 1 for before, after in pairwise(numbers)),
        examples=(
            *(f"lost: {line}" for line in islice(lost, EXAMPLES)),
            *(f"doubled: {line}" for line in doubled[:EXAMPLES]),
            *(f"changed: {event}\n      from: {right.get(event.id)}" for event in changed[:EXAMPLES]),
        ),
    )


class Witness:
    """Somebody who wants to know of every alarm: the broker keeps for him what he has not heard yet."""

    def __init__(self, port: int) -> None:
        self.heard: list[Event] = []
        self._port = port
        self._up_to_now = False

    def listen(self) -> list[Event]:
        """Come to the broker, hear all that there is up to now, and return all that was ever heard."""
        client = PahoClient(CallbackAPIVersion.VERSION2, "witness", clean_session=False)
        client.on_message = self._on_message
        self._up_to_now = False
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        try:
            client.subscribe(EVENTS, qos=1)
            client.publish(UP_TO_NOW, qos=1)
            until(lambda: self._up_to_now, "the events come")
        finally:
            client.disconnect()
            client.loop_stop()
            client.on_message = None
        return self.heard

    def _on_message(self, _client: PahoClient, _data: object, message: MQTTMessage) -> None:
        if message.topic == UP_TO_NOW:
            self._up_to_now = True
        else:
            self.heard.append(msgspec.json.decode(message.payload, type=Event))


def _unnumbered(event: Event) -> Event:
    return msgspec.structs.replace(event, seq=0)


def _by_source(pages: Pages, parts: int) -> dict[str, list[bytes]]:
    """Return the lines of each source; there is nothing to compare where all are of one."""
    found: dict[str, list[bytes]] = {}
    for line in b"".join(pages.values()).splitlines():
        found.setdefault(_source(line, parts), []).append(line)
    return found if len(found) > 1 else {page: [content] for page, content in pages.items()}


def _source(line: bytes, parts: int) -> str:
    """Return whose line this is: the numbers of a line's sensors are known by their remainder."""
    sensor = msgspec.json.decode(line, type=Line).sensor
    return "history" if sensor.startswith("h") else f"line{int(sensor.removeprefix('s')) % parts}"


def _lines(pages: Pages) -> "Counter[Line]":
    return Counter(msgspec.json.decode(line, type=Line) for page in pages.values() for line in page.splitlines())
