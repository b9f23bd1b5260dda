"""The record of a gateway: who it is, where it listens, that it lives, and its last words.

Read by quick commands, so it imports next to nothing.
"""

import fcntl
import json
import os
import zlib

from gaugeway.service.presence import places

SUFFIX = ".gateway"
LONGEST = 64 * 1024


class Record:
    """What is known of a gateway without asking it. `ended` is when it stopped; one that died could not say so.

    `fault` is what ended it, where it was not asked to stop: most often before it had begun.
    """

    def __init__(
        self,
        config: str,
        *,
        node: str = "",
        pid: int = 0,
        since: float = 0.0,
        socket: str = "",
        storage: str = "",
        log: str = "",
        unit: str = "",
        version: str = "",
        ended: float | None = None,
        words: str = "",
        fault: str = "",
    ) -> None:
        self.config, self.node = config, node
        self.pid, self.since, self.ended = pid, since, ended
        self.socket, self.storage, self.log = socket, storage, log
        self.unit, self.version = unit, version
        self.words, self.fault = words, fault

    def encode(self) -> bytes:
        """Return it as it stands in a file."""
        return json.dumps(vars(self)).encode() + b"\n"


class Sighting:
    """A record as it was found: whether its process lives, when it last gave a sign of life, and whose it is."""

    def __init__(self, record: Record, *, alive: bool, beat: float, owner: int = 0) -> None:
        self.record = record
        self.alive = alive
        self.beat = beat
        self.owner = owner


def sightings() -> list[Sighting]:
    """Return all gateways that left a record, the living first, then who was heard of last."""
    return _looked([path for folder in places.everywhere() for path in records(folder)])


def sightings_of(config: str) -> list[Sighting]:
    """Return those with this configuration, however many others left a record."""
    found = _looked([os.path.join(folder, name_of(config)) for folder in places.everywhere()])
    return [seen for seen in found if seen.record.config == config]


def name_of(config: str) -> str:
    """Return a file name for the path of a configuration: people can read it, and no two are the same."""
    readable = config.strip("/").replace("/", "-")[-150:]
    return f"{readable}.{zlib.crc32(os.fsencode(config)):08x}{SUFFIX}"


def records(folder: str) -> list[str]:
    """Return the paths of the records in a folder."""
    try:
        return [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(SUFFIX)]
    except OSError:
        return []


def look(path: str) -> Sighting | None:
    """Return what a record says; its process holds a lock on it, which nobody can forge and no crash can forget."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        about = os.fstat(file)
        record = decoded(os.read(file, LONGEST))
        return Sighting(record, alive=_is_locked(file), beat=about.st_mtime, owner=about.st_uid)
    except ValueError:
        return None
    finally:
        os.close(file)


def decoded(content: bytes) -> Record:
    """Read a record, also one of a newer or older version; ValueError where it is none."""
    fields: dict[str, object] | str | None = json.JSONDecoder().raw_decode(content.decode())[0]
    if not isinstance(fields, dict):
        raise ValueError("a record is an object")  # noqa: TRY004  (the caller sorts content from kinds of it no further)

    def text(name: str) -> str:
        said = fields.get(name)
        return said if isinstance(said, str) else ""

    def number(name: str) -> float | None:
        said = fields.get(name)
        return said if isinstance(said, int | float) else None

    return Record(
        config=text("config"),
        node=text("node"),
        pid=int(number("pid") or 0),
        since=number("since") or 0.0,
        socket=text("socket"),
        storage=text("storage"),
        log=text("log"),
        unit=text("unit"),
        version=text("version"),
        ended=number("ended"),
        words=text("words"),
        fault=text("fault"),
    )


def _looked(paths: list[str]) -> list[Sighting]:
    found = [seen for path in paths if (seen := look(path))]
    return sorted(found, key=lambda seen: (not seen.alive, -seen.beat))


def _is_locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False
