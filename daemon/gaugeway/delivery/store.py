"""The checkpoint: named parts of the state, in one SQLite database, changed together or not at all.

Write-ahead log and `synchronous=FULL`: a save costs one fsync and about as many bytes as the pages it changes, where
a rollback journal costs four fsyncs and twice the bytes. In exclusive mode, so that there is no shared memory file.
SQLite does not notice a bit that flips in a value, so each part carries a checksum of its own.
"""

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar
from zlib import crc32

from gaugeway.delivery.files import Files
from gaugeway.delivery.reserve import Reserve
from gaugeway.log import logger

log = logger(__name__)

VERSION: Final = 1
APPLICATION: Final = 0x67677779  # "ggwy"
PATIENCE: Final = 2.0
WAL_PAGES: Final = 16
FILES: Final = ("", "-wal", "-journal")
ASIDE: Final = ".aside"
COPY: Final = ".copy"
T = TypeVar("T")
FAULTS: Final = (sqlite3.Error, UnicodeError)  # the second where a corrupt schema is quoted in the message
BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
UNUSABLE: Final = (
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_NOTADB,
)
LATER: Final = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}
SCHEMA: Final = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE parts (name TEXT PRIMARY KEY, data BLOB NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID;
    PRAGMA application_id = {APPLICATION};
    PRAGMA user_version = {VERSION};
    COMMIT;
"""
UPSERT: Final = """
    INSERT INTO parts VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET data = excluded.data, checksum = excluded.checksum
"""


class Store:
    """Keeps the parts of the state across restarts.

    A database that cannot be used, because it is corrupt or written by a newer version, is set aside (the one before
    it is overwritten) and an empty one takes its place; it never has to be deleted by hand. A disk that is full, slow
    or gone is an `OSError`: nothing is saved then, and the next `save` tries again with all parts.
    """

    def __init__(self, path: Path, reserve: Reserve | None = None, *, patience: float = PATIENCE) -> None:
        self.path = path
        self.set_aside = 0
        self.damaged = 0
        self._patience = patience
        self._reserve = reserve
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, int]] = {}
        self._database: sqlite3.Connection | None = None
        self._file = 0

    def load(self) -> dict[str, bytes]:
        """Return all parts as they were last saved, without those that are damaged."""
        with self._lock:
            rows = self._twice(self._rows) if self.path.exists() else []
            parts = {name: data for name, data, checksum in rows if _checksum(name, data) == checksum}
            self._known = {name: _digest(data) for name, data in parts.items()}
        if len(parts) < len(rows):
            self.damaged += len(rows) - len(parts)
            log.warning("parts of the saved state are damaged and left out", file=str(self.path), count=self.damaged)
        return parts

    def save(self, parts: Mapping[str, bytes | None]) -> None:
        """Replace these parts, all or none, and forget those given as None; what did not change is not written."""
        with self._lock:
            try:
                self._twice(partial(self._write, parts))
            except OSError as error:
                if error.errno != errno.ENOSPC or self._reserve is None or not self._reserve.release():
                    raise
                self._twice(partial(self._write, parts))
            if self._reserve is not None:
                self._reserve.refill()

    def close(self) -> None:
        """Close the database; what was saved is safe already."""
        with self._lock:
            self._disconnect()

    def _rows(self) -> list[tuple[str, bytes, int]]:
        return self._opened().execute("SELECT name, CAST(data AS BLOB), checksum FROM parts").fetchall()

    def _twice(self, act: Callable[[], T]) -> T:
        """Do something with the database, and once more if the one that was there had to be set aside for it."""
        try:
            return act()
        except FAULTS as error:
            self._give_way(error)
        try:
            return act()
        except FAULTS as error:
            self._disconnect()
            raise self._later(error) from error

    def _write(self, parts: Mapping[str, bytes | None]) -> None:
        database, known = self._opened(), self._known
        fresh = {name: data for name, data in parts.items() if data is not None}
        digests = {name: _digest(data) for name, data in fresh.items()}
        changed = {name: data for name, data in fresh.items() if known.get(name) != digests[name]}
        gone = parts.keys() - fresh.keys()
        if changed or gone:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(UPSERT, [(name, data, _checksum(name, data)) for name, data in changed.items()])
            database.executemany("DELETE FROM parts WHERE name = ?", [(name,) for name in gone])
            database.execute("COMMIT")
        self._known = {name: digest for name, digest in (known | digests).items() if name not in gone}

    def _opened(self) -> sqlite3.Connection:
        """Return the connection, made anew after an error, or where somebody has taken the file away meanwhile."""
        if self._database is not None and _identity(self.path) != self._file:
            log.warning("the state database was removed by somebody else: writing it anew", file=str(self.path))
            self._disconnect()
            self._known = {}
        if self._database is None:
            Files().make_folder(self.path.parent)
            self._database = self._connect()
            self._file = _identity(self.path)
        return self._database

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=self._patience, isolation_level=None, check_same_thread=False)
        database.text_factory = _text
        try:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
            self._prepare(database)
        except FAULTS:
            database.close()
            raise
        return database

    def _prepare(self, database: sqlite3.Connection) -> None:
        """Make the table in an empty database, and refuse one that is not ours."""
        (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if not tables:
            database.executescript(SCHEMA)
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if (application, version) != (APPLICATION, VERSION):
            raise sqlite3.DatabaseError(f"it is of version {version}, not {VERSION}")
        (health,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if health != "ok":
            raise sqlite3.DatabaseError(str(health))

    def _give_way(self, error: sqlite3.Error | UnicodeError) -> None:
        """Make a new beginning possible where the database cannot be used; raise `OSError` for what time can mend."""
        self._disconnect()
        self._known = {}
        if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise error
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in BUSY:
            self._leave_to_others()
        elif code in UNUSABLE:
            self._set_aside(str(error))
        else:
            raise self._later(error) from error

    def _later(self, error: sqlite3.Error | UnicodeError) -> OSError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return OSError(LATER.get(code, errno.EIO), f"state database: {error}", str(self.path))

    def _set_aside(self, reason: str) -> None:
        self.set_aside += 1
        for suffix in FILES:
            path = _with(self.path, suffix)
            if path.exists():
                path.replace(_with(self.path, ASIDE + suffix))
            else:
                _with(self.path, ASIDE + suffix).unlink(missing_ok=True)
        log.warning("state database set aside", file=str(self.path) + ASIDE, reason=reason)

    def _leave_to_others(self) -> None:
        """Go on with a copy of a database that somebody else keeps locked."""
        import shutil  # noqa: PLC0415  (which loads three compressors)

        kept = [suffix for suffix in FILES if _with(self.path, suffix).exists()]
        for suffix in kept:
            shutil.copyfile(_with(self.path, suffix), _with(self.path, COPY + suffix))
            with _with(self.path, COPY + suffix).open("rb") as copy:
                os.fsync(copy.fileno())
        self._set_aside("locked by another process, going on with a copy")
        for suffix in kept:
            _with(self.path, COPY + suffix).replace(_with(self.path, suffix))
        Files().sync_folder(self.path.parent)

    def _disconnect(self) -> None:
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
            self._database = None


def _identity(path: Path) -> int:
    """Return what tells a file from any other of the same name; 0 where there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _with(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _digest(data: bytes) -> tuple[int, int]:
    """Return what tells contents apart within this process; what hashlib has would take 4 MB with OpenSSL."""
    return hash(data), crc32(data)


def _checksum(name: str, data: bytes) -> int:
    return crc32(data, crc32(name.encode()))
