"""Puts files in place and takes them away, and says of each what it does; or only says so."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from gaugeway.cli.setup.manifest import PLACE, Manifest, beneath, digest
from gaugeway.errors import GaugewayError

EDITED: Final = ".edited"
PATIENCE: Final = 120.0


class Hand:
    """Works on the machine whose files are under `root`; commands are run on this machine itself only."""

    def __init__(self, root: Path = Path("/"), *, dry: bool = False) -> None:
        self.root = root
        self.dry = dry
        self.manifest = Manifest.of(root)

    @property
    def here(self) -> bool:
        """Whether this is the running machine, and no image of one."""
        return self.root == Path("/")

    def put(self, path: Path, text: str) -> bool:
        """Write a file that is ours, and tell whether that changed it; what it was edited to is kept beside it."""
        there = self._text(path)
        if there == text and self.manifest.wrote(path, text):
            return False
        if there is not None and there != text and not self.manifest.wrote(path, there):
            self._say("keeps", path.with_name(path.name + EDITED), f"what {path} was edited to")
            if not self.dry:
                self.at(path).rename(self.at(path.with_name(path.name + EDITED)))
        self._say("writes", path)
        self._write(path, text, 0o644)
        self.manifest.files[str(path)] = digest(text)
        return there != text

    def give(self, path: Path, text: str, mode: int = 0o644) -> bool:
        """Write a file that is the operator's from then on; one that is there is left as it is."""
        if self.at(path).exists():
            return False
        self._say("writes", path)
        self._write(path, text, mode)
        return True

    def link(self, path: Path, target: str) -> None:
        """Make a symbolic link, unless something else has its place."""
        at = self.at(path)
        there = os.readlink(at) if at.is_symlink() else None
        if there == target or (there is None and at.exists()):
            return
        if there is not None and self.manifest.links.get(str(path)) != there:
            return
        self._say("links", path, f"to {target}")
        if not self.dry:
            self._make_folder(path.parent)
            at.unlink(missing_ok=True)
            at.symlink_to(target)
        self.manifest.links[str(path)] = target

    def folder(self, path: Path, mode: int) -> None:
        """Make a folder that is the operator's."""
        if not self.at(path).is_dir():
            self._say("makes", path)
            if not self.dry:
                self.at(path).mkdir(mode=mode, parents=True)

    def command(self, *words: str, needed: bool = True) -> bool:
        """Run a command on this machine; one that is needed and fails ends it all with what the command said."""
        if not self.here or (not needed and shutil.which(words[0]) is None):
            return False
        print(f"{'would run' if self.dry else 'runs':<9} {' '.join(words)}")
        if self.dry:
            return True
        done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != 0 and needed:
            raise GaugewayError(f"`{' '.join(words)}` failed:\n{(done.stderr or done.stdout).strip()}")
        return done.returncode == 0

    def take(self, path: Path) -> None:
        """Remove a file or link that is ours; one that was edited since is the operator's, and stays."""
        at, ours = self.at(path), self._is_ours(path)
        self.manifest.files.pop(str(path), None)
        self.manifest.links.pop(str(path), None)
        if ours:
            self._say("removes", path)
            if not self.dry:
                at.unlink()
        elif at.exists():
            self._say("leaves", path, "it was edited")

    def clear(self, path: Path) -> None:
        """Remove a folder with all that is in it, or a file."""
        at = self.at(path)
        if not at.exists():
            return
        self._say("removes", path)
        if not self.dry:
            shutil.rmtree(at) if at.is_dir() else at.unlink()

    def take_folders(self) -> None:
        """Remove the folders that were made for our files, as far as nobody else has put anything there."""
        for name in sorted(self.manifest.folders, reverse=True):
            at = self.at(Path(name))
            if not self.dry and at.is_dir() and not any(at.iterdir()):
                at.rmdir()
            if not at.exists():
                self.manifest.folders.remove(name)

    def remember(self) -> None:
        """Keep the list of what is in place."""
        if self.dry:
            return
        if self.manifest == Manifest():
            self.at(PLACE).unlink(missing_ok=True)
        else:
            self._write(PLACE, self.manifest.encode(), 0o644)

    def at(self, path: Path) -> Path:
        """Return where a path of the machine is for this process."""
        return beneath(self.root, path)

    def _write(self, path: Path, text: str, mode: int) -> None:
        """Write a whole file or none, with its mode from the first moment."""
        if self.dry:
            return
        self._make_folder(path.parent)
        coming = self.at(path.with_name(f".{path.name}.new"))
        coming.unlink(missing_ok=True)
        with os.fdopen(os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        coming.rename(self.at(path))

    def _make_folder(self, path: Path) -> None:
        for folder in reversed([path, *path.parents]):
            if not self.at(folder).exists():
                self.at(folder).mkdir(mode=0o755)
                self.manifest.folders.append(str(folder))

    def _is_ours(self, path: Path) -> bool:
        if self.at(path).is_symlink():
            return self.manifest.links.get(str(path)) == os.readlink(self.at(path))
        text = self._text(path)
        return text is not None and self.manifest.wrote(path, text)

    def _text(self, path: Path) -> str | None:
        try:
            return self.at(path).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def _say(self, does: str, path: Path, more: str = "") -> None:
        print(f"{f'would {does[:-1]}' if self.dry else does:<9} {path}{f'  ({more})' if more else ''}")
