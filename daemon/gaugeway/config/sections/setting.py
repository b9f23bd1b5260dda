"""What the tables of one file share while it is read."""

import msgspec

from gaugeway.config.sections.census import Census
from gaugeway.config.sections.templates import Templates
from gaugeway.config.text.parts import Parts
from gaugeway.registry import Registry


class Setting(msgspec.Struct, frozen=True):
    """The plugins there are, the sensors met so far, and the templates.

    `parts` reads further files; without it (when only the shape is asked for) there are none.
    """

    registry: Registry
    census: Census = msgspec.field(default_factory=Census)
    templates: Templates = msgspec.field(default_factory=Templates)
    parts: Parts | None = None
