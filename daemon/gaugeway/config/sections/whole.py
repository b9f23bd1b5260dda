"""What the keys of a file hold, once read: everything that is well in itself."""

from collections.abc import Mapping as Table
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from gaugeway.config.sections.chain import Stage
from gaugeway.config.sections.rules import Written
from gaugeway.config.sections.sinks import Sink
from gaugeway.config.sections.sources import Source
from gaugeway.options import FilePath
from gaugeway.plan import Http, Limits, Logging, Retry, Storage
from gaugeway.rule import Rule


class StorageKeys(Storage, frozen=True, kw_only=True):
    """Where state is kept and how often it is made to last."""

    dir: Annotated[
        FilePath, Meta(description="The folder; by default `state` beside the file.", examples=["/var/lib/gaugeway"])
    ] = Path("state")


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """What the keys of a file hold, once read."""

    version: int = 1
    node: str | None = None
    storage: StorageKeys = StorageKeys()
    plugins: tuple[Path, ...] = ()
    sources: tuple[Source, ...] = ()
    stages: tuple[Stage, ...] = ()
    sinks: tuple[Sink, ...] = ()
    alerts: Table[str, Written | None] = msgspec.field(default_factory=dict[str, Written | None])

    flags: Table[str, bool] = msgspec.field(default_factory=dict[str, bool])
    limits: Limits = Limits()
    logging: Logging = Logging()
    http: Http | None = None
    retry: Retry | None = None
    tests: Table[str, object] = msgspec.field(default_factory=dict[str, object])

    @property
    def rules(self) -> dict[str, Rule]:
        """The rules that are well."""
        return {name: written.rule for name, written in self.alerts.items() if written is not None}
