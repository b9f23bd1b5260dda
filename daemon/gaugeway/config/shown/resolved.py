"""The configuration as it counts: templates, defaults and variables filled in, with where each line comes from."""

import os
import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Table
from pathlib import Path
from typing import Final, cast

import msgspec

from gaugeway.config.sections.chain import ChainShape
from gaugeway.config.sections.entries import EntriesShape
from gaugeway.config.sections.keys import keys
from gaugeway.config.sections.rules import RulesShape
from gaugeway.config.sections.sensors import SensorsShape
from gaugeway.config.sections.setting import Setting
from gaugeway.config.sections.templates import Templates
from gaugeway.config.shapes.places import SecretShape
from gaugeway.config.shapes.record import Field, StructShape
from gaugeway.config.shapes.union import Optional
from gaugeway.config.shown.reference import as_text
from gaugeway.config.text.nodes import Entry, Mapping, Node, Scalar, Sequence
from gaugeway.config.text.parts import Parts
from gaugeway.config.text.review import TOKEN, Review
from gaugeway.registry import Registry

WHERE: Final = 60
PASSWORD: Final = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]*@")
GRANTS: Final = re.compile(r"authorization|password|secret|token|api-?key", re.I)
"""What the name of something has in it that lets somebody in."""
NEEDS_QUOTES: Final = re.compile(
    r"^$|[\x00-\x1f\x7f]|^[\s&*!|>%@`\"'{\[#-]|: |:$| #|[,\]}{\[]|^(y|n|yes|no|on|off|true|false|null|~)$|^[-+.0-9]+$",
    re.I,
)
LEFT_OUT: Final = frozenset({"templates", "defaults", "tests"})
ONLY_IF_WRITTEN: Final = ("retry", "http")


def resolved(path: Path, registry: Registry | None = None, environment: Table[str, str] | None = None) -> str:
    """Return what a file says once everything is filled in; secrets are shown as `***`.

    It is meant for a file in which nothing is wrong; of another, what can be read is shown.
    """
    whole = Path(path).absolute()
    parts = Parts(whole.parent, Review(whole.parent), os.environ if environment is None else environment)
    node = parts.file(whole, str(path))
    if not isinstance(node, Mapping):
        return ""
    templates = Templates(node.get("templates"), node.get("defaults"))
    setting = Setting(registry or Registry.discover(), templates=templates, parts=parts)
    return Resolved(setting, parts.review).text(node)


class Resolved:
    """Writes nodes and defaults as lines with their origins."""

    def __init__(self, setting: Setting, review: Review) -> None:
        self.setting = setting
        self.review = review
        self.retry_is_common = False

    def text(self, node: Mapping) -> str:
        """Return the whole file."""
        self.retry_is_common = "retry" in node.entries
        left_out = LEFT_OUT | {name for name in ONLY_IF_WRITTEN if name not in node.entries}
        fields = [field for name, field in keys(self.setting).fields.items() if name not in left_out]
        return "\n".join(self._fields(fields, node, 0)) + "\n"

    def _fields(self, fields: Iterable[Field], node: Mapping | None, depth: int) -> Iterator[str]:
        for field in fields:
            value = None if node is None else node.get(field.name)
            if value is not None:
                yield from self._value(field.name, field.shape, value, depth)
            elif field.name == "retry" and self.retry_is_common:
                continue
            elif isinstance(field.shape, StructShape):
                yield _line(f"{field.name}:", "", depth)
                yield from self._fields(field.shape.record.fields.values(), None, depth + 1)
            elif field.usual not in (None, "", [], {}):
                yield _line(f"{field.name}: {as_text(field.usual)}", "default", depth)

    def _value(self, name: str, shape: object, node: Node, depth: int) -> Iterator[str]:
        if isinstance(shape, StructShape) and isinstance(node, Mapping):
            yield _line(f"{name}:", "", depth)
            yield from self._fields(shape.record.fields.values(), node, depth + 1)
        elif isinstance(shape, EntriesShape) and isinstance(node, Mapping):
            yield _line(f"{name}:", "", depth)
            yield from self._entries(cast("EntriesShape[object]", shape), node, depth + 1)
        elif isinstance(shape, SensorsShape) and isinstance(node, Mapping):
            yield _line(f"{name}:", "", depth)
            yield from self._table(node, depth + 1, sensors=True)
        elif isinstance(shape, RulesShape) and isinstance(node, Mapping):
            yield _line(f"{name}:", "", depth)
            yield from self._table(node, depth + 1, sensors=False)
        elif isinstance(shape, ChainShape) and isinstance(node, Sequence):
            yield _line(f"{name}:", "", depth)
            yield from (_line(f"- {flow(item)}", _origin(item), depth + 1) for item in node.items)
        else:
            secret = isinstance(shape.shape if isinstance(shape, Optional) else shape, SecretShape)
            yield _line(f"{name}: {'***' if secret else flow(node)}", _origin(node), depth)

    def _entries(self, shape: EntriesShape[object], node: Mapping, depth: int) -> Iterator[str]:
        for entry in self.setting.templates.entries(node, self.review):
            yield _line(f"{entry.key.value}:", _origin(entry.key), depth)
            kind = entry.value.get("type") if isinstance(entry.value, Mapping) else None
            plugin = shape.plugins.registry.find(shape.plugins.role, kind.value) if isinstance(kind, Scalar) else None
            if plugin is None or kind is None or not isinstance(entry.value, Mapping):
                continue
            yield _line(f"type: {flow(kind)}", _origin(kind), depth + 1)
            yield from self._fields(shape.record(plugin).fields.values(), entry.value, depth + 1)

    def _table(self, node: Mapping, depth: int, *, sensors: bool) -> Iterator[str]:
        for entry in self.setting.templates.entries(node, self.review):
            value = self.setting.templates.of_kind(entry.value) if sensors else entry.value
            yield _line(f"{_quoted(entry.key.value)}: {flow(value)}", _origin(entry.key), depth)


def flow(node: Node) -> str:
    """Return a node in one line, without its secrets."""
    if isinstance(node, Mapping):
        return "{" + ", ".join(f"{_quoted(entry.key.value)}: {_under(entry)}" for entry in node) + "}"
    if isinstance(node, Sequence):
        return "[" + ", ".join(flow(item) for item in node.items) + "]"
    if not isinstance(node, Scalar):
        return ""
    if node.shown is not None:
        return "***"
    text = TOKEN.sub(r"\1***", PASSWORD.sub(r"\1:***@", node.value))
    return _quoted(text) if not node.plain else text


def _under(entry: Entry) -> str:
    return "***" if isinstance(entry.value, Scalar) and GRANTS.search(entry.key.value) else flow(entry.value)


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode() if NEEDS_QUOTES.search(text) else text


def _origin(node: Node) -> str:
    return f"{node.text.name}:{node.line + 1}"


def _line(text: str, origin: str, depth: int) -> str:
    whole = "  " * depth + text
    return f"{whole:{WHERE}}  # {origin}" if origin else whole
