"""The alarm rules: a mapping of ids to rules, or the files that hold such mappings."""

import glob
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import msgspec

from gaugeway.config.sections.names import check_name
from gaugeway.config.sections.setting import Setting
from gaugeway.config.sections.strays import is_mapping, taken_in
from gaugeway.config.sections.templates import EACH, LIKE, with_repetition
from gaugeway.config.shapes.annotation import struct_shape
from gaugeway.config.shapes.record import Record, StructShape
from gaugeway.config.shapes.shape import Schema, refuse
from gaugeway.config.text.nodes import Entry, Mapping, Node, Scalar, Sequence
from gaugeway.config.text.review import Review, Wrong
from gaugeway.rule import Rule

_FOUND: Final = struct_shape(Rule, "of a rule")
RULE: Final = StructShape(
    Rule, _FOUND.attributes, Record(_FOUND.record.fields.values(), _FOUND.record.about, (LIKE, EACH))
)


class Written(msgspec.Struct, frozen=True):
    """A rule, and where it stands."""

    rule: Rule
    entry: Entry

    def at(self, key: str) -> Node:
        """Return where a key of the rule stands; the rule's name where it has no such key."""
        found = self.entry.value.get(key) if isinstance(self.entry.value, Mapping) else None
        return self.entry.key if found is None else found


class RulesShape:
    """Rules written here, or the files or globs that hold them."""

    def __init__(self, setting: Setting) -> None:
        self.parts = setting.parts
        self.templates = setting.templates

    @property
    def words(self) -> str:
        """What is allowed."""
        return "a mapping of names to rules, or the files that hold them"

    def read(self, node: Node, review: Review) -> dict[str, Written | None] | Wrong:
        """Return the rules by their names, None for those that are not well."""
        if isinstance(node, Mapping):
            return self._rules([node], review)
        files = node.items if isinstance(node, Sequence) else [node]
        if not all(isinstance(file, Scalar) and not file.empty for file in files):
            return refuse(
                node, review, self.words, "write one rule a line: boiler_hot: {sensor: boiler_temp, above: 90 °C}"
            )
        mappings = [mapping for file in files if isinstance(file, Scalar) for mapping in self._from_files(file, review)]
        return self._rules(mappings, review)

    def _from_files(self, at: Scalar, review: Review) -> list[Mapping]:
        if self.parts is None:
            return []
        whole = str(review.folder / at.value)
        self.parts.rule_files.append(whole)
        to_come = (str(path) for path in self.parts.instead if fnmatchcase(str(path), whole))
        paths = sorted({*glob.glob(whole), *to_come}) if glob.has_magic(at.value) else [whole]
        if not paths:
            review.warn(at, f"no file fits {at.echo}")
        found: list[Mapping] = []
        for path in paths:
            node = self.parts.file(Path(path), self.parts.shown(Path(path)), at)
            if isinstance(node, Mapping):
                found.append(node)
            elif node is not None:
                review.error(node, "a file of rules is a mapping of names to rules")
        return found

    def _rules(self, nodes: list[Mapping], review: Review) -> dict[str, Written | None]:
        found: dict[str, Written | None] = {}
        keys: dict[str, Scalar] = {}
        for entry in (entry for node in nodes for entry in self._entries(node, review)):
            name = entry.key.value
            first = keys.setdefault(name, entry.key)
            if first is not entry.key:
                review.error(
                    entry.key,
                    f"two rules are called '{name}'",
                    f"the other is in {first.text.name}, line {first.line + 1}",
                )
            else:
                found[name] = self._rule(entry, review)
        return found

    def _entries(self, node: Mapping, review: Review) -> list[Entry]:
        entries = self.templates.entries(node, review)
        return taken_in(entries, is_mapping, lambda _: RULE.record.fields, review)

    @staticmethod
    def _rule(entry: Entry, review: Review) -> Written | None:
        named = check_name("rule", entry.key, review, of=entry.value)
        with review.inside(entry.key.value, entry.key):
            rule = RULE.read(entry.value, review)
        return Written(rule, entry) if named and not isinstance(rule, Wrong) else None

    def schema(self) -> Schema:
        """Describe it to editors."""
        one: Schema = {"type": "string"}
        files: Schema = {"anyOf": [one, {"type": "array", "items": one}]}
        rules: Schema = {"type": "object", "additionalProperties": with_repetition(RULE.schema())}
        return {"if": {"type": "object"}, "then": rules, "else": files}
