"""From YAML to nodes: safe, bounded, and with the place of everything."""

from collections.abc import Callable, Iterator
from typing import Final, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from gaugeway.config.text.events import DEEPEST, events
from gaugeway.config.text.nearest import did_you_mean
from gaugeway.config.text.nodes import Entry, Hole, Mapping, Node, Scalar, Sequence
from gaugeway.config.text.review import Review
from gaugeway.config.text.text import Judge, Text

MOST_REPAIRS: Final = 8
MOST_NODES: Final = 200_000
INCLUDE: Final = "!include"
SECRET: Final = "!secret"  # noqa: S105  (the tag, not a secret)
Settle = Callable[[Scalar], Node]
ODD_BLANKS: Final = frozenset("\u00a0\u2002\u2003\u2007\u2009\u200a\u200b\u202f\u3000")
"""Blanks for people and none for YAML: with them a key moves out from under the one above."""

OWN_TAGS: Final = (INCLUDE, SECRET)
TEXT_TAGS: Final = ("!", "tag:yaml.org,2002:str")


class Unusable(Exception):  # noqa: N818  (told of as a problem already; it only ends the composing)
    """The text goes beyond a bound and is not looked at further."""


def compose(text: Text, review: Review, settle: Settle, judge: Judge | None = None) -> Node | None:
    """Return what the text says, or None where it says nothing or cannot be read at all.

    `settle` is asked what stands for a scalar that has a tag or a variable. What is no YAML is mended where one edit
    does it, so that the mistakes behind it are found too; `judge` counts what is wrong with a text, to choose by.
    """
    for _ in range(MOST_REPAIRS):
        try:
            return Composer(text, review, settle).document()
        except yaml.MarkedYAMLError as error:
            from gaugeway.config.text.repair import mended  # noqa: PLC0415  (few files need it)
            from gaugeway.config.text.syntax import in_words  # noqa: PLC0415

            problem, repair = in_words(error, text, judge)
            review.problems.append(problem)
            if repair is None:
                return None
            text = mended(text, repair)
        except yaml.YAMLError as error:
            review.problems.append(text.problem(0, 0, 1, f"this is not YAML: {error}"))
            return None
        except Unusable:
            return None
    return None


class Composer:
    """Builds the nodes of one text from the parser's events."""

    def __init__(self, text: Text, review: Review, settle: Settle) -> None:
        self.text = text
        self.review = review
        self.settle = settle
        self.count: int = 0
        self.end = (0, 0)
        self.anchors: dict[str, tuple[Node | None, int]] = {}
        self.events: Iterator[Event] = events(text.content)

    def document(self) -> Node | None:
        """Compose the one document that the text holds."""
        found: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(
                        event, "a second document begins here", "a configuration is one document: remove the '---'"
                    )
            elif isinstance(event, NodeEvent):
                found = self._node(event, 0)
        return None if isinstance(found, Scalar) and found.empty else found

    def _node(self, event: Event, depth: int) -> Node:
        if depth > DEEPEST:
            self._refuse(event, f"this is nested more than {DEEPEST} deep")
        self.count += 1
        if self.count > MOST_NODES:
            self._refuse(event, f"the file says more than {MOST_NODES} things, aliases counted")
        if isinstance(event, AliasEvent):
            return self._alias(event)
        assert isinstance(event, NodeEvent)  # noqa: S101  (the parser's grammar)
        if event.anchor is not None:
            self.anchors[event.anchor] = (None, 0)
        before = self.count
        node = self._made(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, self.count - before)
        return node

    def _made(self, event: NodeEvent, depth: int) -> Node:
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if isinstance(event, MappingStartEvent):
            return self._mapping(event, depth)
        assert isinstance(event, SequenceStartEvent)  # noqa: S101  (the parser's grammar)
        return self._sequence(event, depth)

    def _alias(self, event: AliasEvent) -> Node:
        name = event.anchor or ""
        node, size = self.anchors.get(name, (None, -1))
        if node is None:
            about = "contains itself" if size == 0 else "is not defined above"
            hint = "" if size == 0 else did_you_mean(name, self.anchors)
            self._refuse(event, f"the anchor '{name}' {about}", hint)
        self.count += size
        return node

    def _scalar(self, event: ScalarEvent) -> Node:
        line, column, width = self._extent(event)
        tag = self._tag(event)
        plain = not event.style and tag not in TEXT_TAGS
        if plain and self._swallows_an_item(event):
            return Hole(self.text, line, column, width)
        scalar = Scalar(self.text, line, column, width, tag, event.value, plain)
        return self.settle(scalar) if tag in OWN_TAGS or "${" in event.value else scalar

    def _swallows_an_item(self, event: ScalarEvent) -> bool:
        """Find a line with a dash that is indented so far that it goes on the text above instead of the list."""
        start, end = event.start_mark, event.end_mark
        for number in range(start.line + 1, end.line + 1) if start and end else ():
            line = self.text.line(number)
            stripped = line.lstrip()
            if stripped.startswith("- "):
                message = "this line goes on the text above, because it is indented further"
                self.review.problems.append(
                    self.text.problem(number, len(line) - len(stripped), 1, message, "indent it like the items above")
                )
                return True
        return False

    def _sequence(self, event: SequenceStartEvent, depth: int) -> Sequence:
        sequence = Sequence(self.text, *self._extent(event), self._tag(event))
        sequence.items = [self._node(item, depth + 1) for item in self._children()]
        self._widen(sequence)
        return sequence

    def _mapping(self, event: MappingStartEvent, depth: int) -> Mapping:
        mapping = Mapping(self.text, *self._extent(event), self._tag(event), flow=bool(event.flow_style))
        merged: list[Node] = []
        children = self._children()
        for child in children:
            key = self._node(child, depth + 1)
            value = self._node(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                self.review.error(key, "a key has to be a text", "put it in quotes if it is meant as a text")
            elif key.plain and key.value == "<<":
                merged.append(value)
            else:
                self._enter(mapping, key, value)
        if mapping.entries and not mapping.flow:
            first = next(iter(mapping)).key
            mapping.width = first.width
        for value in merged:
            self._merge(mapping, value)
        self._widen(mapping)
        return mapping

    def _widen(self, node: Mapping | Sequence) -> None:
        """Let what stands in one line within brackets be as wide as it is."""
        line, column = self.end
        if line == node.line and column > node.column and self.text.line(line)[node.column] in "[{":
            node.width = column - node.column

    def _enter(self, mapping: Mapping, key: Scalar, value: Node) -> None:
        if key.plain and key.value[:1] in ODD_BLANKS:
            message = f"a blank of another kind (U+{ord(key.value[0]):04X}), as copied texts have them, stands here"
            self.review.error(key, message, "indent with ordinary blanks")
        earlier = mapping.entries.get(key.value)
        if earlier is not None:
            self.review.error(
                key,
                f"'{key.value}' is given twice; it stands in line {earlier.key.line + 1} already",
                "keep one of the two",
            )
            return
        if isinstance(value, Scalar) and value.width == 0:
            value.line, value.column, value.width = key.line, key.column, key.width
        mapping.entries[key.value] = Entry(key, value)

    def _merge(self, mapping: Mapping, value: Node) -> None:
        for part in value.items if isinstance(value, Sequence) else [value]:
            if isinstance(part, Mapping):
                for name, entry in part.entries.items():
                    mapping.entries.setdefault(name, entry)
            else:
                self.review.error(part, "'<<' takes in another mapping, and this is none")

    def _children(self) -> Iterator[Event]:
        for event in self.events:
            if isinstance(event, CollectionEndEvent):
                mark = event.end_mark
                self.end = (mark.line, mark.column) if mark else (0, 0)
                return
            yield event

    def _tag(self, event: NodeEvent) -> str:
        tag: str | None = getattr(event, "tag", None)
        if tag is None or tag in TEXT_TAGS or tag in OWN_TAGS:
            return tag or ""
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        line, column, _ = self._extent(event)
        self.review.problems.append(
            self.text.problem(
                line, column, len(shown), f"the tag '{shown}' means nothing here", did_you_mean(shown, OWN_TAGS)
            )
        )
        return ""

    def _extent(self, event: Event) -> tuple[int, int, int]:
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:
            return 0, 0, 1
        if start.line == end.line:
            return start.line, start.column, end.column - start.column
        return start.line, start.column, max(len(self.text.line(start.line).rstrip()) - start.column, 1)

    def _refuse(self, event: Event, message: str, hint: str = "") -> NoReturn:
        line, column, width = self._extent(event)
        self.review.problems.append(self.text.problem(line, column, width, message, hint))
        raise Unusable
