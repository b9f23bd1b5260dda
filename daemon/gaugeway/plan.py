"""A validated configuration: what is to be built, with every option already of its type."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from gaugeway.errors import Place
from gaugeway.rule import Rule
from gaugeway.sensor import Sensor, Sensors

OnError = Literal["halt", "skip", "retry"]
WhenFull = Literal["drop_oldest", "thin", "stop"]


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait before trying again: from `first`, doubling up to `most`, with jitter."""

    first: float = 0.5
    most: float = 30.0
    attempts: int = 5


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin put to use: which, under what name, with which options."""

    type: str
    id: str
    options: Mapping[str, object] = msgspec.field(default_factory=dict[str, object])
    place: Place | None = None


class SourceUse(Use, frozen=True, kw_only=True):
    """A source, its sensors and how it is tried again."""

    sensors: Sensors[Sensor] = msgspec.field(default_factory=lambda: Sensors[Sensor]({}))
    retry: Retry = Retry(most=5.0)


class StageUse(Use, frozen=True, kw_only=True):
    """A stage: the sensors it applies to, what an error does, the flag that switches it, what wraps it."""

    select: tuple[str, ...] = ()
    on_error: OnError = "skip"
    flag: str | None = None
    behaviours: tuple[Use, ...] = ()


class Buffer(msgspec.Struct, frozen=True, kw_only=True):
    """The outbox before a sink: how much it keeps, and what happens when it is full."""

    size: int = 64 * 1024 * 1024
    when_full: WhenFull = "drop_oldest"
    thin_every: float = 60.0


class SinkUse(Use, frozen=True, kw_only=True):
    """A sink: its error strategy, and the outbox between if it has one."""

    select: tuple[str, ...] = ()
    on_error: OnError = "retry"
    retry: Retry = Retry()
    buffer: Buffer | None = None
    behaviours: tuple[Use, ...] = ()


class Storage(msgspec.Struct, frozen=True, kw_only=True):
    """Where state is kept and how often it is made to last."""

    dir: Path
    sync_every: float = 5.0
    checkpoint_every: float = 30.0
    journal_size: int = 256 * 1024 * 1024
    journal: bool = True


class PipelinePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One source and the stages its readings go through."""

    source: SourceUse
    stages: tuple[StageUse, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The whole gateway."""

    node: str
    file: Path
    storage: Storage
    pipelines: tuple[PipelinePlan, ...]
    sinks: tuple[SinkUse, ...]
    rules: Mapping[str, Rule] = msgspec.field(default_factory=dict[str, Rule])
    flags: Mapping[str, bool] = msgspec.field(default_factory=dict[str, bool])
    max_sensors: int = 10_000
    log_level: Literal["debug", "info", "warning", "error"] = "info"
