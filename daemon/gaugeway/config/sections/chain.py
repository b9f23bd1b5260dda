"""The chain of stages: `average`, or `{average: {last: 10, select: [temperature]}}`."""

from typing import Annotated

import msgspec
from msgspec import Meta

from gaugeway.config.sections.plugins import Plugins
from gaugeway.config.sections.uses import SELECT, Found, Part, behaviours, chosen_sensors, wrapped_in
from gaugeway.config.shapes.annotation import field_of
from gaugeway.config.shapes.record import Field, build
from gaugeway.config.shapes.shape import Schema, refuse
from gaugeway.config.text.nodes import Node, Scalar, Sequence
from gaugeway.config.text.review import Review, Wrong
from gaugeway.plan import OnError, StageUse
from gaugeway.registry import Registry


class StageKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What every stage takes besides its own options."""

    id: Annotated[str | None, Meta(description="Its name, under which its state is kept; by default its type.")] = None
    on_error: Annotated[
        OnError, Meta(description="What a failing reading does: stop the pipeline, be skipped, be tried again.")
    ] = "skip"
    flag: Annotated[
        str | None, Meta(description="The flag under `flags` that switches it on and off.", examples=["winter"])
    ] = None


class Stage(msgspec.Struct, frozen=True):
    """A stage, and where it stands."""

    use: StageUse
    found: Found


class ChainShape:
    """The list of stages that readings go through, in order."""

    def __init__(self, registry: Registry) -> None:
        keys = msgspec.structs.fields(StageKeys)
        fields = [field_of(key.encode_name, key.type, key.default, required=False) for key in keys]
        fields += [SELECT, Field(name="with", shape=behaviours(registry), description="Behaviours around it.")]
        self.part = Part(Plugins("stage", registry), {field.name: field for field in fields})

    @property
    def words(self) -> str:
        """What is allowed."""
        return "a list of stages"

    def read(self, node: Node, review: Review) -> tuple[Stage, ...] | Wrong:
        """Return those stages that are well, each with an id of its own."""
        if isinstance(node, Scalar) and node.empty:
            return ()
        if not isinstance(node, Sequence):
            return refuse(node, review, self.words, "write [in_range, normalise], or one stage a line with a dash")
        taken: dict[str, Scalar] = {}
        found = (self._stage(item, taken, review) for item in node.items)
        return tuple(stage for stage in found if stage is not None)

    def _stage(self, node: Node, taken: dict[str, Scalar], review: Review) -> Stage | None:
        found = self.part.read(node, review)
        if isinstance(found, Wrong):
            return None
        keys = build(StageKeys, {key: value for key, value in found.keys.items() if key not in ("select", "with")})
        name = keys.id or self._free(found.plugin.name, taken)
        if name in taken:
            review.error(found.at, f"two stages are called '{name}'; the other stands in line {taken[name].line + 1}")
            return None
        taken[name] = found.at
        use = StageUse(
            type=found.plugin.name,
            id=name,
            options=found.options,
            place=found.place,
            select=chosen_sensors(found.keys),
            on_error=keys.on_error,
            flag=keys.flag,
            behaviours=wrapped_in(found.keys),
        )
        return Stage(use, found)

    @staticmethod
    def _free(name: str, taken: dict[str, Scalar]) -> str:
        number, free = 1, name
        while free in taken:
            number += 1
            free = f"{name}_{number}"
        return free

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"type": "array", "items": self.part.schema()}
