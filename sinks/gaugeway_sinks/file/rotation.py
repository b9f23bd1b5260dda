"""When a new file is begun, and what is done with the old one."""

from typing import Annotated

import msgspec
from msgspec import Meta

from gaugeway import Duration, Size


class Rotate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By size, by time, or by whichever comes first."""

    size: Annotated[Size, Meta(ge=1, description="No file grows beyond this size.", examples=["10MB"])] | None = None
    every: (
        Annotated[
            Duration,
            Meta(
                ge=1,
                description="A new file for each hour, day, ... of the readings' own time, counted in UTC.",
                examples=["1d"],
            ),
        ]
        | None
    ) = None
    compress: Annotated[bool, Meta(description="Compress finished files with gzip.")] = True
