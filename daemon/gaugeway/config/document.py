"""The whole file: its keys, and the plan that they make."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, cast
from zlib import crc32

import msgspec

from gaugeway.config.checks import check
from gaugeway.config.checks.limits import check_cost
from gaugeway.config.checks.subject import Subject
from gaugeway.config.sections.census import Census
from gaugeway.config.sections.keys import FOLDERS, keys
from gaugeway.config.sections.setting import Setting
from gaugeway.config.sections.templates import Templates
from gaugeway.config.sections.whole import Whole
from gaugeway.config.shapes.record import build
from gaugeway.config.text.nodes import Mapping, Node
from gaugeway.config.text.parts import Parts
from gaugeway.plan import Plan, Storage
from gaugeway.registry import Registry

PLUGIN_FILES: Final = "*.py"


class Document:
    """One configuration on its way to a plan."""

    def __init__(self, path: Path, registry: Registry | None, parts: Parts) -> None:
        self.path = path
        self.registry = registry
        self.parts = parts
        self.review = parts.review

    def plan(self, node: Node) -> Plan | None:
        """Return the plan of a file that says `node`; None where the review knows of a mistake."""
        if not isinstance(node, Mapping):
            self.review.error(
                node, "a configuration begins with keys such as 'sources:'", "write 'sources:' in the first line"
            )
            return None
        registry = self.registry or self._discovered(node)
        templates = Templates(node.get("templates"), node.get("defaults"))
        setting = Setting(registry, Census(), templates, self.parts)
        self.review.templates = {name: entry.key for name, entry in templates.templates.items()}
        known = keys(setting)
        self.review.file_keys = known.fields
        for template in self.review.templates.values():
            self.review.is_of_the_file(template, "a template")
        given = known.partly(node, self.review)
        whole = build(Whole, {name: value for name, value in given.items() if name in Whole.__struct_fields__})
        subject = Subject(whole, setting.census, whole.node or host(), self.path, node)
        check(subject, self.review)
        if self.review.problems:
            return None
        plan = self._made(whole)
        check_cost(plan, subject, self.review)
        return None if self.review.problems else plan

    def _discovered(self, node: Mapping) -> Registry:
        asked = node.get("plugins")
        folders = None if asked is None else FOLDERS.read(asked, self.review.aside())
        if asked is None or not isinstance(folders, tuple):
            return Registry.discover()
        registry = Registry.discover(cast("tuple[Path, ...]", folders))
        for refusal in registry.refusals:
            self.review.warn(asked, str(refusal))
        return registry

    def _made(self, whole: Whole) -> Plan:
        folder = self.review.folder
        return Plan(
            node=whole.node or host(),
            file=self.path,
            storage=build(Storage, msgspec.structs.asdict(whole.storage) | {"dir": folder / whole.storage.dir}),
            pipelines=tuple(source.pipeline(whole.stages, whole.retry) for source in whole.sources),
            sinks=tuple(sink.use(whole.retry) for sink in whole.sinks),
            rules=whole.rules,
            flags=whole.flags,
            max_sensors=whole.limits.max_sensors,
            log_level=whole.logging.level,
            log_format=whole.logging.format,
            http=whole.http,
            limits=whole.limits,
            plugin_folders=whole.plugins,
            tests=whole.tests,
            files=self.parts.checksums | _plugin_files(whole.plugins),
            globs=(*self.parts.rule_files, *(str(folder / PLUGIN_FILES) for folder in whole.plugins)),
        )


def _plugin_files(folders: Iterable[Path]) -> dict[Path, int]:
    """Return the files of plugins, each with its checksum; one that cannot be read was complained of already."""
    found: dict[Path, int] = {}
    for file in (file for folder in folders for file in sorted(folder.glob(PLUGIN_FILES))):
        with suppress(OSError):
            found[file] = crc32(file.read_bytes())
    return found


def host() -> str:
    """Return the name of this computer, fit for a topic."""
    return re.sub(r"[+#/\s]+", "_", os.uname().nodename) or "gateway"
