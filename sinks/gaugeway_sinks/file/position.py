"""Where writing stands."""

import msgspec

from gaugeway_sinks.file.begun import Begun


class Mark(msgspec.Struct, frozen=True, gc=False):
    """A place in the readings written: so far into the file with this number."""

    number: int
    size: int
    begun: Begun


class Position(msgspec.Struct, frozen=True):
    """A mark that outlives the process: it tells which file was meant and how that one is known again."""

    path: str
    mark: Mark
    seal: int
