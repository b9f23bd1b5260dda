"""Where readings go: the entries of `sinks:`."""

from typing import Annotated

import msgspec
from msgspec import Meta

from gaugeway.config.sections.entries import EntriesShape, Given
from gaugeway.config.sections.setting import Setting
from gaugeway.config.sections.uses import SELECT, behaviours, chosen_sensors, wrapped_in
from gaugeway.config.shapes.annotation import struct_shape
from gaugeway.config.shapes.record import Field, build
from gaugeway.plan import Buffer, OnError, Retry, SinkUse


class SinkKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What every sink takes besides its own options."""

    on_error: Annotated[
        OnError, Meta(description="What a failing sink does: stop its pipelines, skip the batch, be tried again.")
    ] = "retry"
    retry: Annotated[Retry | None, Meta(description="How it is tried again after a failure.")] = None
    buffer: Annotated[
        Buffer | None, Meta(description="The outbox before it; sinks that talk to a network have one without asking.")
    ] = None


class Sink(msgspec.Struct, frozen=True):
    """A sink as it was read."""

    given: Given

    def use(self, retry: Retry | None) -> SinkUse:
        """Return it with the `retry` of the file where it has none of its own."""
        said = self.given.keys
        keys = build(SinkKeys, {name: value for name, value in said.items() if name not in ("select", "with")})
        return SinkUse(
            type=self.given.plugin.name,
            id=self.given.id,
            options=self.given.options,
            place=self.given.place,
            select=chosen_sensors(said),
            on_error=keys.on_error,
            retry=keys.retry or retry or Retry(),
            buffer=keys.buffer,
            behaviours=wrapped_in(said),
        )


def sinks(setting: Setting) -> EntriesShape[Sink]:
    """Return the shape of `sinks:`."""
    fields = [*struct_shape(SinkKeys).record.fields.values(), SELECT]
    fields.append(Field(name="with", shape=behaviours(setting.registry), description="Behaviours around it."))
    return EntriesShape("sink", setting, lambda _: fields, Sink)
