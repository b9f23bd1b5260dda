"""The contract of a shape, and what one says of a node in words."""

import re
from collections.abc import Mapping as Table
from typing import Final, Protocol, TypeVar

from gaugeway.config.text.nodes import Mapping, Node, Scalar, Sequence
from gaugeway.config.text.review import Review, Wrong

Schema = dict[str, object]
T_co = TypeVar("T_co", covariant=True)

WHOLE: Final = re.compile(r"[-+]?(0|[1-9][0-9_]{0,30})|0x[0-9A-Fa-f]{1,16}")
DECIMAL: Final = re.compile(r"[-+]?([0-9][0-9_]{0,30}(\.[0-9_]{0,30})?|\.[0-9]{1,30})([eE][-+]?[0-9]{1,3})?")
SPECIAL: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
OCTAL: Final = re.compile(r"[-+]?0[0-9_]+|0o[0-7]+")
TRUE: Final = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
FALSE: Final = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})


class Shape(Protocol[T_co]):
    """What a value may look like. The same object reads it, documents it and describes it to editors."""

    @property
    def words(self) -> str:
        """What is allowed, as it follows "must be"."""
        ...

    def read(self, node: Node, review: Review) -> T_co | Wrong:
        """Return the value, or tell the review what is wrong with the node and return `WRONG`."""
        ...

    def schema(self) -> Schema:
        """Return the same as JSON Schema."""
        ...


def is_number(scalar: Scalar) -> bool:
    """Tell whether YAML would read this as a number."""
    value = scalar.value
    return scalar.plain and bool(
        WHOLE.fullmatch(value) or DECIMAL.fullmatch(value) or SPECIAL.fullmatch(value) or OCTAL.fullmatch(value)
    )


def is_truth(scalar: Scalar) -> bool:
    """Tell whether YAML would read this as true or false."""
    return scalar.plain and (scalar.value in TRUE or scalar.value in FALSE)


def described(node: Node) -> str:
    """Say what a node is, as it follows "not"."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if not isinstance(node, Scalar) or node.empty:
        return "empty"
    if is_number(node):
        return f"the number {node.echo}"
    return f"{node.echo} without quotes" if is_truth(node) else f"'{node.echo}'"


def refuse(node: Node, review: Review, words: str, hint: str = "") -> Wrong:
    """Say that a node is not what is wanted."""
    if isinstance(node, Scalar) and node.empty and " #" in node.text.line(node.line)[node.column :]:
        hint = hint or "what follows a # is a comment: put the value in quotes if the # belongs to it"
    return review.wrong(node, f"must be {words}, not {described(node)}", hint)


def list_hint(node: Node) -> str:
    """Guess what was meant where a single value is wanted and something with parts stands."""
    if isinstance(node, Sequence) and len(node.items) == 1:
        return "write the one value without the [ ] or the dash"
    return ""


def by_tag(tag: str, kinds: Table[str, Schema]) -> Schema:
    """Return the JSON Schema of a mapping whose key `tag` says what else it holds."""
    cases: list[Schema] = []
    for name, inner in kinds.items():
        properties = inner.get("properties")
        whole: Schema = {tag: {"const": name}, **(properties if isinstance(properties, dict) else {})}
        chosen: Schema = {"properties": {tag: {"const": name}}}
        cases.append({"if": chosen, "then": {**inner, "properties": whole}})
    return {"type": "object", "required": [tag], "properties": {tag: {"enum": list(kinds)}}, "allOf": cases}
