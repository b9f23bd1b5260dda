"""The whole file: its keys, and the plan that they make."""

import os
import re
from pathlib import Path
from typing import Final, cast

import msgspec

from gaugeway.config.census import Census
from gaugeway.config.chain import ChainShape
from gaugeway.config.checks import check
from gaugeway.config.checks.subject import Subject
from gaugeway.config.entries import RETRY, sinks, sources
from gaugeway.config.nodes import Mapping, Node
from gaugeway.config.parts import Parts
from gaugeway.config.review import Wrong
from gaugeway.config.rules import RulesShape
from gaugeway.config.shapes.annotation import struct_shape
from gaugeway.config.shapes.choice import Choice
from gaugeway.config.shapes.collections import AnyShape, ListShape, TableShape
from gaugeway.config.shapes.places import PathShape
from gaugeway.config.shapes.record import Field, Record, build
from gaugeway.config.shapes.scalars import Text, Truth
from gaugeway.config.whole import StorageKeys, Whole
from gaugeway.plan import Limits, Logging, Plan, Storage
from gaugeway.registry import Registry

FOLDERS: Final = ListShape(PathShape(), tuple, single=True)
NODE: Final = r"^[^+#/\s]+$"


def keys(registry: Registry, parts: Parts | None = None, census: Census | None = None) -> Record:
    """Return all that may stand in a file."""
    chain = ChainShape(registry)
    flags = TableShape(Truth())
    fields = [
        Field(name="version", shape=Choice({"1": 1}), default=1, description="The version of the format."),
        Field(
            name="node",
            shape=Text(pattern=NODE, least=1),
            description="The name of this gateway; by default the host's.",
            examples=("plant1",),
        ),
        Field(name="storage", shape=struct_shape(StorageKeys, "of storage"), description="Where state is kept."),
        Field(name="plugins", shape=FOLDERS, description="Folders with plugins of your own."),
        Field(
            name="sources",
            shape=sources(registry, chain, census or Census()),
            required=True,
            description="Where readings come from.",
        ),
        Field(name="stages", shape=chain, description="What happens to them, in this order."),
        Field(name="sinks", shape=sinks(registry), description="Where they go."),
        Field(
            name="alerts", shape=RulesShape(parts), description="When to raise an alarm: rules, or files with rules."
        ),
        Field(
            name="flags", shape=flags, description="Switches that turn stages on and off.", examples=({"winter": True},)
        ),
        Field(
            name="limits", shape=struct_shape(Limits, "of limits"), description="Bounds that are refused or cut off."
        ),
        Field(name="logging", shape=struct_shape(Logging, "of logging"), description="What is logged."),
        msgspec.structs.replace(
            RETRY, description="How sources and sinks are tried again that do not say it themselves."
        ),
        Field(name="tests", shape=TableShape(AnyShape()), description="Cases for `gaugeway test`."),
    ]
    return Record(fields, "in this file")


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
        registry = self.registry or Registry.discover(self._folders(node))
        census = Census()
        given = keys(registry, self.parts, census).partly(node, self.review)
        whole = build(Whole, given)
        check(Subject(whole, census, whole.node or host(), self.path, node), self.review)
        return None if self.review.problems else self._made(whole)

    def _folders(self, node: Mapping) -> tuple[Path, ...]:
        asked = node.get("plugins")
        if asked is None:
            return ()
        folders = FOLDERS.read(asked, self.review.aside())
        return () if isinstance(folders, Wrong) else cast("tuple[Path, ...]", folders)

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
            limits=whole.limits,
            plugin_folders=whole.plugins,
            tests=whole.tests,
        )


def host() -> str:
    """Return the name of this computer, fit for a topic."""
    return re.sub(r"[+#/\s]+", "_", os.uname().nodename) or "gateway"
