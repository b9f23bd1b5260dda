"""Sources against each other: ports that are opened twice, topics that are received twice, one name for two clients."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from gaugeway.config.checks.subject import Subject
from gaugeway.config.sections.entries import Given
from gaugeway.config.text.nearest import listed
from gaugeway.config.text.nodes import Node, Scalar, Sequence
from gaugeway.config.text.review import Review

PORT: Final = "port"
BROKER: Final = "broker"
TOPIC: Final = "topic"
CLIENT_ID: Final = "client_id"
ADAPTERS: Final = Path("/dev/serial/by-id")


def check_sources(subject: Subject, review: Review) -> None:
    """Find sources that get into each other's way, or whose readings lead nowhere."""
    if subject.whole.sources and subject.written.get("sinks") is None:
        hint = "add one under `sinks`, such as archive: {type: file, path: readings.jsonl}"
        review.warn(subject.place("sources"), "what is read goes nowhere: there is no sink", hint)
    ports: dict[str, Given] = {}
    topics: list[tuple[object, str, Given]] = []
    for source in subject.whole.sources:
        _check_port(source.given, ports, review)
        _check_topics(source.given, topics, review)
    clients: dict[tuple[object, object], Given] = {}
    for given in (*(source.given for source in subject.whole.sources), *(sink.given for sink in subject.whole.sinks)):
        _check_client(given, clients, review)


def _check_port(given: Given, ports: dict[str, Given], review: Review) -> None:
    port = given.options.get(PORT)
    if not isinstance(port, Path):
        return
    if not port.exists() and (there := _adapters()):
        review.warn(given.node(PORT), f"{port} is not there now", f"there is {listed(there)}")
    first = ports.setdefault(os.path.realpath(port), given)
    if first is not given:
        review.error(
            given.node(PORT),
            f"the port of '{given.id}' is the port of '{first.id}' too, and only one can open it",
            "give one source all sensors of the port",
        )


def _adapters() -> list[str]:
    """Return the serial adapters of this computer; one that has none may not be the one that is meant."""
    with suppress(OSError):
        return sorted(str(adapter) for adapter in ADAPTERS.iterdir())
    return []


def _check_topics(given: Given, seen: list[tuple[object, str, Given]], review: Review) -> None:
    broker = given.options.get(BROKER)
    for topic, node in _topics(given):
        for other_broker, other, holder in seen:
            if broker == other_broker and overlap(topic, other):
                whose = "twice in it" if holder is given else f"by '{holder.id}' too"
                review.warn(node, f"what fits '{topic}' may fit '{other}', and is then read {whose}")
                break
        seen.append((broker, topic, given))


def _check_client(given: Given, clients: dict[tuple[object, object], Given], review: Review) -> None:
    """Refuse two clients of one name at a broker, for it lets in one at a time: the other is thrown off, in turn.

    Without a name of its own a source is called by what it reads.
    """
    if CLIENT_ID not in given.plugin.options:
        return
    stated = given.options.get(CLIENT_ID)
    called = stated or frozenset(topic for topic, _ in _topics(given))
    first = clients.setdefault((given.options.get(BROKER), called), given) if called else given
    if first is not given:
        what = "has this client id at this broker" if stated else "reads the same topics, under the same client id"
        review.error(
            given.node(CLIENT_ID if stated else TOPIC),
            f"'{first.id}' {what} too: they would throw each other off",
            f"give each a '{CLIENT_ID}' of its own",
        )


def _topics(given: Given) -> Iterator[tuple[str, Node]]:
    found, node = given.options.get(TOPIC), given.node(TOPIC)
    if isinstance(found, str):
        yield found, node
    elif isinstance(node, Sequence):
        yield from ((item.value, item) for item in node.items if isinstance(item, Scalar))


def overlap(one: str, other: str) -> bool:
    """Tell whether a topic can fit both of two MQTT filters."""
    ours, theirs = one.split("/"), other.split("/")
    for mine, its in zip(ours, theirs, strict=False):
        if "#" in (mine, its):
            return True
        if mine != its and "+" not in (mine, its):
            return False
    longer = max(ours, theirs, key=len)
    shorter = min(len(ours), len(theirs))
    return len(ours) == len(theirs) or longer[shorter] == "#"
