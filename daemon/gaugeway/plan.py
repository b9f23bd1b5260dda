"""A validated configuration: what is to be built, with every option already of its type.

The structs that carry descriptions are also what the file is read with: their fields are keys of the file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from gaugeway.errors import Place
from gaugeway.options import Duration, FilePath, Size
from gaugeway.rule import Rule
from gaugeway.sensor import Sensor, Sensors

OnError = Literal["halt", "skip", "retry"]
WhenFull = Literal["drop_oldest", "thin", "stop"]


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait before trying again: from `first`, doubling up to `most`, with jitter."""

    first: Annotated[Duration, Meta(gt=0, description="The first pause.", examples=["500ms"])] = 0.5
    most: Annotated[Duration, Meta(gt=0, description="The longest pause.", examples=["30s"])] = 30.0
    attempts: Annotated[
        int, Meta(ge=1, description="How often it is tried before the error strategy decides.", examples=[5])
    ] = 5


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin put to use: which, under what name, with which options."""

    type: str
    id: str
    options: Mapping[str, object] = msgspec.field(default_factory=dict[str, object])
    behaviours: "tuple[Use, ...]" = ()
    place: Place | None = None

    def makes_the_same(self, other: "Use") -> bool:
        """Tell whether both lead to the same object, wherever in the file they stand."""
        mine, theirs = (self.type, self.id, self.options), (other.type, other.id, other.options)
        wrapped = zip(self.behaviours, other.behaviours, strict=False)
        same_number = len(self.behaviours) == len(other.behaviours)
        return mine == theirs and same_number and all(one.makes_the_same(two) for one, two in wrapped)


class SourceUse(Use, frozen=True, kw_only=True):
    """A source, its sensors and how it is tried again. Its sensors are also among its options where it takes them."""

    sensors: Sensors[Sensor] = msgspec.field(default_factory=lambda: Sensors[Sensor]({}))
    retry: Retry = Retry(most=5.0)


class StageUse(Use, frozen=True, kw_only=True):
    """A stage: the sensors it applies to, what an error does, the flag that switches it, what wraps it."""

    select: tuple[str, ...] = ()
    on_error: OnError = "skip"
    flag: str | None = None


class Buffer(msgspec.Struct, frozen=True, kw_only=True):
    """The outbox before a sink: how much it keeps, and what happens when it is full."""

    size: Annotated[Size, Meta(ge=64 * 1024, description="How much it keeps on disk.", examples=["64MiB"])] = (
        64 * 1024 * 1024
    )
    when_full: Annotated[
        WhenFull,
        Meta(description="Full: drop the oldest, thin to one summary per sensor and interval, or stop taking."),
    ] = "drop_oldest"
    thin_every: Annotated[
        Duration, Meta(gt=0, description="The interval of the summaries when thinning.", examples=["1min"])
    ] = 60.0


class SinkUse(Use, frozen=True, kw_only=True):
    """A sink: its error strategy, and the outbox between if it has one."""

    select: tuple[str, ...] = ()
    on_error: OnError = "retry"
    retry: Retry = Retry()
    buffer: Buffer | None = None


CHECKPOINT_LEAST: Final = 30.0
CHECKPOINT_MOST: Final = 300.0
QUICKLY_REPEATED: Final = 5000
"""A restart works through so many records of the journal in less than a second."""


FOLDERS: Final = ("intake", "outbox", "clock")
OURS: Final = ("lock", "reserve", "state.db", "state.db-wal", "state.db-shm", "gateway.log", *FOLDERS)
"""What the gateway itself keeps in the storage folder; the operator may keep other things beside it."""


class Storage(msgspec.Struct, frozen=True, kw_only=True):
    """Where state is kept and how often it is made to last."""

    dir: Annotated[
        FilePath, Meta(description="The folder; by default `state` beside the file.", examples=["/var/lib/gaugeway"])
    ]
    sync_every: Annotated[
        Duration,
        Meta(
            ge=0,
            le=3600,
            description="A power cut loses at most this much; shorter wears the SD card.",
            examples=["5s"],
        ),
    ] = 5.0
    checkpoint_every: Annotated[
        Annotated[Duration, Meta(gt=0, le=3600)] | None,
        Meta(
            description="How often the state of all stages and sinks is saved; by default every 30 s where much comes, "
            "and up to 5 min apart where little does: a restart makes up for it, and it spares the SD card.",
            examples=["30s"],
        ),
    ] = None
    journal_size: Annotated[
        Size, Meta(ge=1024 * 1024, description="How much of each source's input is kept at most.", examples=["256MiB"])
    ] = 256 * 1024 * 1024
    journal: Annotated[
        bool,
        Meta(description="Whether readings are journalled before they are processed; false loses them in a crash."),
    ] = True

    def apart(self, rate: float) -> float:
        """Return how many seconds checkpoints are apart where so many records are journalled in a second.

        What little has come since the last one can be worked through again just as well. Without a journal all there
        is is in the checkpoint.
        """
        if self.checkpoint_every is not None:
            return self.checkpoint_every
        if not self.journal or rate * CHECKPOINT_LEAST >= QUICKLY_REPEATED:
            return CHECKPOINT_LEAST
        return min(CHECKPOINT_MOST, QUICKLY_REPEATED / rate) if rate > 0 else CHECKPOINT_MOST


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds: on what a wildcard may invent, and on the worst-case cost that `check` computes."""

    max_sensors: Annotated[
        int, Meta(ge=1, description="How many sensors may appear; those beyond are counted and left out.")
    ] = 10_000
    memory: Annotated[
        Size | None, Meta(description="Refuse a configuration that may need more memory.", examples=["40MB"])
    ] = None
    written_per_day: Annotated[
        Size | None, Meta(description="Refuse one that may write more to disk in a day.", examples=["2GB"])
    ] = None
    syncs_per_day: Annotated[
        int | None, Meta(ge=0, description="Refuse one that may sync the disk more often in a day.", examples=[50000])
    ] = None
    messages_per_day: Annotated[
        int | None, Meta(ge=0, description="Refuse one that may send more messages in a day.", examples=[100000])
    ] = None
    bus_duty: Annotated[
        float | None, Meta(gt=0, le=100, description="Refuse one that may keep a bus busier (percent).", examples=[60])
    ] = None


class Logging(msgspec.Struct, frozen=True, kw_only=True):
    """What is logged and in which form."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least important events to log.")
    ] = "info"
    format: Annotated[
        Literal["auto", "text", "json", "journal"],
        Meta(description="`auto` is `journal` under systemd and `text` elsewhere."),
    ] = "auto"


class Http(msgspec.Struct, frozen=True, kw_only=True):
    """A small HTTP server for those who watch over many machines; without this key there is none."""

    listen: Annotated[
        str,
        Meta(description="An IP address of this computer, and a port.", examples=["127.0.0.1:9273", "[::1]:9273"]),
    ] = "127.0.0.1:9273"
    metrics: Annotated[bool, Meta(description="Whether `/metrics` has figures for Prometheus.")] = True
    health: Annotated[
        bool, Meta(description="Whether `/health` has what `gaugeway health --json` prints; its status is 200 or 503.")
    ] = True


class PipelinePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One source and the stages its readings go through."""

    source: SourceUse
    stages: tuple[StageUse, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The whole gateway.

    `files` are those that it was made from, each with the CRC-32 of what it held; `globs` say where others may appear.
    """

    node: str
    file: Path
    storage: Storage
    pipelines: tuple[PipelinePlan, ...]
    sinks: tuple[SinkUse, ...]
    rules: Mapping[str, Rule] = msgspec.field(default_factory=dict[str, Rule])
    flags: Mapping[str, bool] = msgspec.field(default_factory=dict[str, bool])
    max_sensors: int = 10_000
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "text", "json", "journal"] = "auto"
    http: Http | None = None
    limits: Limits = Limits()
    plugin_folders: tuple[Path, ...] = ()
    tests: Mapping[str, object] = msgspec.field(default_factory=dict[str, object])
    files: Mapping[Path, int] = msgspec.field(default_factory=dict[Path, int])
    globs: tuple[str, ...] = ()
