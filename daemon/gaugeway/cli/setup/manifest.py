"""What was put in place: every file with a digest of what was written, every folder that was made, every unit."""

import hashlib
from pathlib import Path
from typing import Final

import msgspec

PLACE: Final = Path("/var/lib/gaugeway.installed")


class Manifest(msgspec.Struct, omit_defaults=True):
    """The files by their path, links with what they point to; what is not in here is not ours to remove."""

    files: dict[str, str] = {}
    links: dict[str, str] = {}
    folders: list[str] = []
    units: list[str] = []

    @classmethod
    def of(cls, root: Path) -> "Manifest":
        """Return what is known to be in place under `root`."""
        try:
            return msgspec.json.decode(beneath(root, PLACE).read_bytes(), type=cls)
        except FileNotFoundError:
            return cls()

    def wrote(self, path: Path, text: str) -> bool:
        """Tell whether this is what was put at a path."""
        return self.files.get(str(path)) == digest(text)

    def encode(self) -> str:
        """Return it as it is kept."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"


def digest(text: str) -> str:
    """Return what tells one text from another."""
    return hashlib.sha256(text.encode()).hexdigest()


def beneath(root: Path, path: Path) -> Path:
    """Return where a path of the machine is, when its files are under `root`."""
    return root / path.relative_to("/")
