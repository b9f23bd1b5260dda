"""How long finished files are kept."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from gaugeway import Duration, Size
from gaugeway_sinks.file.shelf import Rotated


class Keep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits to the finished files; the oldest are deleted when one limit is passed."""

    files: Annotated[int, Meta(ge=1, description="At most so many.", examples=[30])] | None = None
    age: (
        Annotated[Duration, Meta(ge=1, description="None that ended longer ago than this.", examples=["90d"])] | None
    ) = None
    bytes: (
        Annotated[Size, Meta(ge=1, description="At most so much together, compressed as they are.", examples=["1GB"])]
        | None
    ) = None


def surplus(files: Sequence[Rotated], below: int, keep: Keep, now: float | None) -> list[Rotated]:
    """Return which of the rotated files, given in the order of writing, are too many, too old or too large.

    Only those with numbers `below` this one are counted and returned. A file ended when the next one began; `now` is
    when the file began that is being written. Where a time is not known neither is the age, and the file stays.
    """
    kept = total = 0
    ended = now
    for at in reversed(range(len(files))):
        rotated = files[at]
        if rotated.number < below:
            total += rotated.path.stat().st_size if keep.bytes is not None else 0
            old = keep.age is not None and now is not None and ended is not None and now - ended > keep.age
            if old or kept == keep.files or (keep.bytes is not None and total > keep.bytes):
                return list(files[: at + 1])
            kept += 1
        ended = rotated.begun
    return []
