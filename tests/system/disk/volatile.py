"""A disk with a volatile cache: what was not flushed when the power failed may be there, or not, sector by sector.

The disk is one file, served by a process of its own through FUSE, without any library; a loop device makes a block
device of it, and on that the kernel keeps a real ext4. Flushes of the file system arrive here as `fsync`. Run as
`python -m tests.system.disk.volatile FILE IMAGE SEED`: FILE becomes the disk, IMAGE is what lasts. SIGUSR1 cuts the
power: from then on nothing is answered.
"""

import ctypes
import errno
import mmap
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final, NoReturn, Self

from tests.support.waiting import PATIENCE, until
from tests.system.victim import Victim

SECTOR: Final = 512
SIZE: Final = 96 * 1024 * 1024
LARGEST: Final = 128 * 1024
REQUEST: Final = struct.Struct("<IIQQIIII")
ANSWER: Final = struct.Struct("<IiQ")
INIT, OPEN, READ, WRITE, FSYNC, GETATTR, SETATTR = 26, 14, 15, 16, 20, 3, 4
UNANSWERED: Final = (2, 36, 42)
"""FORGET, INTERRUPT, BATCH_FORGET."""
EASY: Final = (18, 25, 38)
"""RELEASE, FLUSH (a file was closed, nothing has to last), DESTROY."""


class Cache:
    """What the disk seems to hold, what lasts, and the writes that only the cache has seen."""

    def __init__(self, image: Path, chance: Random) -> None:
        self._chance = chance
        self._file = os.open(image, os.O_RDWR)
        self.seen = bytearray(image.read_bytes())
        self._lasting = mmap.mmap(self._file, 0)
        self._waiting: list[tuple[int, bytes]] = []

    def write(self, offset: int, data: bytes) -> None:
        """Take data into the cache."""
        self.seen[offset : offset + len(data)] = data
        self._waiting.append((offset, data))

    def flush(self) -> None:
        """Make everything last."""
        for offset, data in self._waiting:
            self._lasting[offset : offset + len(data)] = data
        self._waiting.clear()

    def lose_power(self) -> None:
        """Lose all that waits, or nothing of it, or any sectors."""
        kept = self._chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for offset, data in self._waiting:
            for at in range(0, len(data), SECTOR):
                if self._chance.random() < kept:
                    part = data[at : at + SECTOR]
                    self._lasting[offset + at : offset + at + len(part)] = part
        self._waiting.clear()


class Server:
    """Answers the kernel, one request after the other."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._kernel = os.open("/dev/fuse", os.O_RDWR)
        self._answers: dict[int, Callable[[bytes], bytes]] = {
            INIT: self._init,
            OPEN: lambda _: struct.pack("<QII", 0, 2, 0),
            READ: self._read,
            WRITE: self._write,
            FSYNC: self._fsync,
            GETATTR: self._attributes,
            SETATTR: self._attributes,
            **dict.fromkeys(EASY, lambda _: b""),
        }

    def mount(self, at: str) -> None:
        """Let a file be the disk."""
        library = ctypes.CDLL(None, use_errno=True)
        options = f"fd={self._kernel},rootmode=100600,user_id=0,group_id=0"
        if library.mount(b"volatile", at.encode(), b"fuse", 0, options.encode()):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), at)

    def serve(self) -> NoReturn:
        """Answer until the power is cut, or the disk is taken away."""
        while True:
            request = os.read(self._kernel, LARGEST + 4096)
            length, opcode, unique, *_ = REQUEST.unpack_from(request)
            if opcode in UNANSWERED:
                continue
            answer = self._answers.get(opcode)
            body = b"" if answer is None else answer(request[REQUEST.size : length])
            error = -errno.ENOSYS if answer is None else 0
            with suppress(FileNotFoundError):  # whoever asked has been killed
                os.write(self._kernel, ANSWER.pack(ANSWER.size + len(body), error, unique) + body)

    def _init(self, body: bytes) -> bytes:
        _, _, ahead, _ = struct.unpack_from("<IIII", body)
        return struct.pack("<IIIIHHIIHHI28x", 7, 31, ahead, 1 << 5, 12, 9, LARGEST, 1, 0, 0, 0)  # big writes

    def _read(self, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        return bytes(self._cache.seen[offset : offset + size])

    def _write(self, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        self._cache.write(offset, body[40 : 40 + size])
        return struct.pack("<II", size, 0)

    def _fsync(self, _: bytes) -> bytes:
        self._cache.flush()
        return b""

    def _attributes(self, _: bytes) -> bytes:
        size = len(self._cache.seen)
        return struct.pack(
            "<QII6Q3I7I", 0, 0, 0, 1, size, size // SECTOR, 0, 0, 0, 0, 0, 0, 0o100600, 1, 0, 0, 0, 4096, 0
        )


class Disk:
    """A disk with a file system on it, to be plugged in, and to lose its power: `folder` is where it is mounted."""

    def __init__(self, place: Path, seed: int) -> None:
        self.folder = place / "mounted"
        self._file = place / "disk"
        self._image = place / "image"
        self._seed = seed
        self._loop = ""
        self._server: subprocess.Popen[bytes] | None = None

    def plug_in(self) -> None:
        """Mount it as the system does that comes up after a power cut: the file system recovers by itself."""
        self._seed += 1
        self._file.touch()
        module = "tests.system.disk.volatile"
        words = [sys.executable, "-m", module, str(self._file), str(self._image), str(self._seed)]
        self._server = subprocess.Popen(words)
        until(lambda: os.path.ismount(self._file) or self._file.stat().st_size, "the disk comes up")
        self._loop = _said("losetup", "--show", "--find", self._file)
        _said("mount", "-t", "ext4", self._loop, self.folder)

    def cut(self, dying: Callable[[], object]) -> None:
        """Cut the power; `dying` ends, with SIGKILL, whoever runs on the same power."""
        server = self._server
        assert server is not None, "it is not plugged in"
        server.send_signal(signal.SIGUSR1)
        os.waitid(os.P_PID, server.pid, os.WSTOPPED)
        dying()
        server.kill()
        server.wait(PATIENCE)

    def lose_power(self, gateway: Victim) -> None:
        """Cut the power of a gateway too, and bring it back."""
        self.cut(gateway.fell)
        gateway.kill()
        self.unplug()
        self.plug_in()

    def unplug(self) -> None:
        """Take away what is mounted, whether it still works or not."""
        for words in (("umount", "-l", self.folder), ("losetup", "-d", self._loop), ("umount", "-l", self._file)):
            subprocess.run(words, check=False, stderr=subprocess.DEVNULL)
        if self._server is not None:
            self._server.kill()
            self._server.wait(PATIENCE)
            self._server = None

    def __enter__(self) -> Self:
        self.folder.mkdir()
        with self._image.open("wb") as image:
            image.truncate(SIZE)
        _said("mkfs.ext4", "-q", "-F", self._image)
        self.plug_in()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()


def _said(*words: str | Path) -> str:
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, f"{words[0]}: {done.stderr}"
    return done.stdout.strip()


def main(file: str, image: str, seed: str) -> None:
    """Serve a disk until its power is cut."""
    cache = Cache(Path(image), Random(int(seed)))

    def cut(*_: object) -> None:
        cache.lose_power()
        os.kill(os.getpid(), signal.SIGSTOP)

    signal.signal(signal.SIGUSR1, cut)
    server = Server(cache)
    server.mount(file)
    with suppress(OSError):  # it was taken away
        server.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
