"""The health of a gateway as data: what `gaugeway health --json` prints, and `--schema` describes.

Times are seconds since 1970, durations seconds, sizes bytes. "Recently" is the last minute.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from gaugeway.engine.status import State

SCHEMA = "gaugeway.health/1"

Since = Annotated[float, Meta(description="Since when it is in this state.")]
Reason = Annotated[str, Meta(description="Why, in words; empty where there is nothing to say.")]
RetryAt = Annotated[float | None, Meta(description="When it is tried again.")]
Dropped = Annotated[Mapping[str, int], Meta(description="Readings that went no further, by reason.")]
Failed = Annotated[int, Meta(description="How often it failed.")]
LastError = Annotated[str, Meta(description="What was said when it failed last.")]
Details = Annotated[Mapping[str, object], Meta(description="What the plugin itself reports.")]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Any part of a report."""


class Complaint(Part, frozen=True, kw_only=True):
    """One thing that is wrong, or worth a look."""

    part: Annotated[str, Meta(description="What it is about.", examples=["source boiler"])]
    kind: Annotated[str, Meta(description="A word for scripts.", examples=["waiting", "stale", "disk"])]
    message: Annotated[str, Meta(description="What is wrong, in a sentence.")]
    advice: Annotated[str, Meta(description="What to do about it, or what happens by itself.")] = ""


class Process(Part, frozen=True, kw_only=True):
    """The gateway as a process."""

    node: str
    version: str
    pid: int
    since: float
    uptime: float
    config: Annotated[str, Meta(description="The configuration file.")]
    config_files: Annotated[tuple[str, ...], Meta(description="All files that it is made of, sorted by path.")]
    config_hash: Annotated[
        str, Meta(description="A checksum of what those files held when they were taken over: another, if one differs.")
    ]
    config_changed: Annotated[tuple[str, ...], Meta(description="Files that have changed, come or gone since then.")]
    unit: Annotated[str, Meta(description="The systemd unit; empty without systemd.")]
    memory: Annotated[int, Meta(description="Resident memory; 0 where it cannot be told.")]
    threads: int
    files: Annotated[int, Meta(description="Open file descriptors; 0 where it cannot be told.")]
    files_limit: Annotated[int, Meta(description="How many it may open.")]
    cpu: Annotated[float, Meta(description="CPU time used so far.")]


class Source(Part, frozen=True, kw_only=True):
    """A source, and the thread of the pipeline that begins with it."""

    name: str
    type: str
    state: State
    since: Since
    reason: Reason
    retry_at: RetryAt
    hangs: Annotated[bool, Meta(description="Whether it has given no sign of life for more than five seconds.")]
    idle: Annotated[float, Meta(description="How long ago it gave its last sign of life.")]
    where: Annotated[str, Meta(description="Where in the code it hangs.")]
    reopened: Annotated[int, Meta(description="How often it was opened again after a fault.")]
    restarts: Annotated[int, Meta(description="How often its pipeline was restarted because of a bug.")]
    readings: int
    rate: Annotated[float, Meta(description="Readings a second, recently.")]
    rejected: Annotated[Mapping[str, int], Meta(description="Input that became no reading, by reason.")]
    came_recently: Annotated[int, Meta(description="Readings and rejected input, recently.")]
    rejected_recently: Annotated[int, Meta(description="Rejected input, recently.")]
    details: Details


class Sensor(Part, frozen=True, kw_only=True):
    """A sensor, and what it said last."""

    name: str
    source: str
    kind: str
    label: str
    value: Annotated[float | None, Meta(description="Its last value; null where it has not said anything.")]
    unit: str
    range: Annotated[tuple[float, float] | None, Meta(description="What it can measure, where that is known.")]
    quality: str
    time: Annotated[float | None, Meta(description="The time of its last reading.")]
    age: Annotated[float | None, Meta(description="How long ago that came.")]
    rate: Annotated[float, Meta(description="Readings a second, recently.")]
    readings: int
    stale_after: Annotated[float | None, Meta(description="Silent for longer, it counts as dead.")]
    stale: bool
    results: Annotated[Mapping[str, float], Meta(description="What stages have added to the last reading.")]
    garbled: Annotated[
        tuple[str, ...], Meta(description="What of the last reading is not of its type, and so not shown.")
    ]


class Stage(Part, frozen=True, kw_only=True):
    """A stage of one source."""

    name: str
    type: str
    source: str
    on: Annotated[bool, Meta(description="False where a flag switches it off.")]
    flag: str | None
    select: Annotated[tuple[str, ...], Meta(description="The sensors it applies to; empty for all.")]
    passed: Annotated[int, Meta(description="Readings that came through.")]
    dropped: Dropped
    failed: Failed
    failed_recently: int
    last_error: LastError
    nanoseconds: Annotated[float | None, Meta(description="What one reading costs, from a sample.")]
    sampled: Annotated[int, Meta(description="How many readings the sample has.")]
    details: Details


class Outbox(Part, frozen=True, kw_only=True):
    """What a sink has for the network and has not delivered yet."""

    waiting: int
    sent: int
    dropped: Annotated[int, Meta(description="Messages that nobody will see because there was no room for them.")]
    left_out: Annotated[int, Meta(description="Messages that nobody will see because of a bug of the sink.")]
    thinned: Annotated[int, Meta(description="Readings that were summed up with others to make room.")]
    dropped_recently: int
    left_out_recently: int
    failing_for: Annotated[float | None, Meta(description="For how long nothing could be delivered.")]
    next_try_in: float | None
    last_error: str
    bug: Annotated[str, Meta(description="What was said when a message was left out last.")]
    bytes_used: int
    bytes_written: Annotated[int, Meta(description="What went to disk since the start.")]
    syncs: Annotated[int, Meta(description="How often the disk was waited for since the start.")]


class Sink(Part, frozen=True, kw_only=True):
    """A sink."""

    name: str
    type: str
    state: State
    since: Since
    reason: Reason
    retry_at: RetryAt
    taken: Annotated[int, Meta(description="Readings it has taken.")]
    backlog: Annotated[int, Meta(description="Readings that wait in memory because it fails.")]
    dropped: Dropped
    dropped_recently: int
    failed: Failed
    last_error: LastError
    outbox: Outbox | None
    speechless: Annotated[str, Meta(description="Why nothing is known of its outbox; usually empty.")]
    details: Details


class Journal(Part, frozen=True, kw_only=True):
    """What is kept of a source on disk before it is worked through."""

    source: str
    state: State
    since: Since
    reason: Reason
    waiting: Annotated[int, Meta(description="Records that are not worked through yet.")]
    unkept: Annotated[int, Meta(description="Readings that went on without, because the disk did not take them.")]
    used: int
    size: Annotated[int, Meta(description="How much it may use at most.")]
    written: Annotated[int, Meta(description="Bytes that went to disk since the start.")]
    syncs: Annotated[int, Meta(description="How often the disk was waited for since the start.")]
    failed_syncs: Annotated[int, Meta(description="How often the disk failed; what it may have lost is written again.")]
    damaged: Annotated[int, Meta(description="Bytes that were found damaged, and left out.")]


class Checkpoints(Part, frozen=True, kw_only=True):
    """The state of everything, saved now and then, that a restart goes on from."""

    state: State
    since: Since
    reason: Reason
    taken: Annotated[int, Meta(description="How many were taken since the start.")]
    age: Annotated[float | None, Meta(description="How long ago the last one was taken; null where there is none.")]
    set_aside: Annotated[int, Meta(description="How often their file could not be used, and a new one was made.")]
    damaged: Annotated[int, Meta(description="Parts of the state that were found damaged, and left out.")]


class Disk(Part, frozen=True, kw_only=True):
    """The disk with the storage folder."""

    folder: str
    size: int
    free: int
    nearly_full: bool


class Memory(Part, frozen=True, kw_only=True):
    """The memory that the gateway may use: what its service is given, or else what the computer has."""

    size: int
    free: int
    ours: Annotated[bool, Meta(description="Whether it is given to this service alone.")]
    nearly_full: bool


class Clock(Part, frozen=True, kw_only=True):
    """The clock of this computer."""

    now: float
    set: Annotated[bool | None, Meta(description="Whether it was set since the start; null where nobody can tell.")]


class Http(Part, frozen=True, kw_only=True):
    """The HTTP server."""

    listen: Annotated[str, Meta(description="Where it listens, or would.")]
    state: State
    since: Since
    reason: Reason


class Report(Part, frozen=True, kw_only=True):
    """How a running gateway is."""

    schema: str = SCHEMA
    state: Literal["well", "unwell"]
    summary: Annotated[str, Meta(description="All in one line.", examples=["7 sensors, 1 stale"])]
    complaints: Annotated[tuple[Complaint, ...], Meta(description="What is wrong; without any the state is `well`.")]
    remarks: Annotated[tuple[Complaint, ...], Meta(description="What is worth a look, and not wrong.")]
    process: Process
    sources: tuple[Source, ...]
    sensors: tuple[Sensor, ...]
    stages: tuple[Stage, ...]
    sinks: tuple[Sink, ...]
    disk: Disk | None
    memory: Memory | None
    clock: Clock
    flags: Mapping[str, bool]
    journals: tuple[Journal, ...]
    checkpoints: Checkpoints | None
    http: Annotated[Http | None, Meta(description="Null where the configuration asks for none.")]


class Absence(Part, frozen=True, kw_only=True):
    """What can be said of a gateway that does not answer, or does not run."""

    schema: str = SCHEMA
    state: Literal["not answering", "not running"]
    summary: str
    since: Annotated[float | None, Meta(description="Since when; null where nobody knows.")]
    pid: int | None
    config: str
    words: Annotated[str, Meta(description="The summary of its last report, as far as it is known.")]
    fault: Annotated[str, Meta(description="What ended it, where nobody asked it to stop.")]


def as_json(report: Report) -> bytes:
    """Return a report as JSON, where half a character, as the name of a device may have one, is written as a code."""
    try:
        return msgspec.json.encode(report)
    except UnicodeEncodeError:
        return msgspec.json.encode(_writable(msgspec.to_builtins(report)))


def _writable(data: object) -> object:
    if isinstance(data, str):
        return data.encode("utf-8", "backslashreplace").decode()
    if isinstance(data, dict):
        return {_writable(name): _writable(one) for name, one in cast("dict[object, object]", data).items()}
    if isinstance(data, list | tuple):
        return [_writable(one) for one in cast("Iterable[object]", data)]
    return data


def schema() -> dict[str, object]:
    """Return the JSON Schema of what `health --json` prints."""
    either, parts = msgspec.json.schema_components(
        (Report, Absence), schema_hook=lambda _object: {"description": "Any value."}, ref_template="#/$defs/{name}"
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "anyOf": list(either), "$defs": parts}
