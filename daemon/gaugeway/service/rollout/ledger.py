"""Puts files in their place so that they last, keeps what was there before, and notes who did it."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from gaugeway.delivery.files import Files
from gaugeway.errors import ConfigError
from gaugeway.users import name_of

MOST_KEPT: Final = 20
AUDIT: Final = "audit.jsonl"


class Ledger:
    """The former versions of one rule file and the audit log, in the storage folder."""

    def __init__(self, storage: Path, target: Path) -> None:
        self.target = target
        self._storage = storage
        self._kept = storage / "rules" / target.name

    @contextmanager
    def alone(self) -> Generator[None]:
        """Keep others from doing the same meanwhile."""
        Files().make_folder(self._kept)
        with (self._storage / AUDIT).open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigError("somebody else deploys rules at this moment: try again") from None
            yield

    def versions(self) -> list[Path]:
        """Return what was kept, the oldest first; an empty file stands for there having been none."""
        return sorted(self._kept.iterdir()) if self._kept.is_dir() else []

    def keep(self, content: bytes) -> None:
        """Keep a version, and only so many."""
        versions = self.versions()
        number = int(versions[-1].stem) + 1 if versions else 1
        put(self._kept / f"{number:06d}.yaml", content)
        for oldest in versions[: len(versions) + 1 - MOST_KEPT]:
            oldest.unlink()

    def forget(self, content: bytes) -> None:
        """Drop the last version with this content, which is in use again, and all that came after it."""
        for version in reversed(self.versions()):
            found = version.read_bytes() == content
            version.unlink()
            if found:
                return

    def note(self, facts: Mapping[str, object], by: str) -> None:
        """Add a line to the audit log; it is on disk when this returns."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = {"time": stamp, "user": os.getuid(), "by": by or user(), "file": str(self.target), **facts}
        with (self._storage / AUDIT).open("ab") as file:
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def user() -> str:
    """Return what this computer calls who runs this."""
    return name_of(os.getuid()) or f"user {os.getuid()}"


def digest(content: bytes) -> str:
    """Return what a version is known by; empty for none."""
    return sha256(content).hexdigest() if content else ""


def put(path: Path, content: bytes) -> None:
    """Let a file hold this, wholly or as before, also after a power cut."""
    part = path.with_name(f".{path.name}.part")  # no glob for rules takes this for one of its files
    with part.open("wb") as file:
        file.write(content)
        if path.exists():
            there = path.stat()
            shutil.copymode(path, part)
            if os.geteuid() == 0:
                os.chown(part, there.st_uid, there.st_gid)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    Files().sync_folder(path.parent)


def put_back(path: Path, content: bytes) -> None:
    """Let a file be as it was; without content there was none."""
    if content:
        put(path, content)
    else:
        path.unlink(missing_ok=True)
        Files().sync_folder(path.parent)
