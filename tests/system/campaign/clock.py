"""The wall clock of a gateway, which is set while it runs: a Raspberry Pi has none that goes on while it is off."""

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Final

LIBRARIES: Final = tuple(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
FARTHEST: Final = 400 * 86400


class Clock:
    """Shows any time that is wanted, by means of libfaketime; durations stay right, as they do in a kernel."""

    def __init__(self, file: Path, chance: Random) -> None:
        self._file = file
        self._chance = chance

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs that is to look at this clock."""
        return {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def step(self) -> str:
        """Set it to any time, at one with other clocks or far ahead or behind; return by how much it is off now."""
        offset = self._chance.choice((0, 1, -1)) * self._chance.uniform(0.5, FARTHEST) ** self._chance.random()
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset:+.3f}")
        new.replace(self._file)
        return f"{offset:+.3f} s"
