"""Where readings come from: the entries of `sources:`."""

from functools import partial
from typing import Final, cast

import msgspec

from gaugeway.config.sections.chain import ChainShape, Stage
from gaugeway.config.sections.entries import RETRY, EntriesShape, Given
from gaugeway.config.sections.polling import period, silences, with_patience
from gaugeway.config.sections.sensors import SensorsShape, sensor_struct
from gaugeway.config.sections.setting import Setting
from gaugeway.config.sections.uses import behaviours, wrapped_in
from gaugeway.config.shapes.annotation import struct_shape
from gaugeway.config.shapes.record import Field, Record, StructShape
from gaugeway.plan import PipelinePlan, Retry, SourceUse
from gaugeway.plugin import Plugin
from gaugeway.sensor import Sensor, Sensors

SOURCE_RETRY: Final = Retry(most=5.0)


class Source(msgspec.Struct, frozen=True):
    """A source as it was read; what it does not say itself is filled in when it becomes a pipeline."""

    given: Given

    @property
    def sensors(self) -> Sensors[Sensor]:
        """The sensors of a source."""
        found = self.given.keys.get("sensors")
        return cast("Sensors[Sensor]", found) if isinstance(found, Sensors) else Sensors[Sensor]({})

    @property
    def stages(self) -> tuple[Stage, ...] | None:
        """The stages of a source that has some of its own."""
        return cast("tuple[Stage, ...] | None", self.given.keys.get("stages"))

    def chain(self, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        """Return its own stages, or those of the file where it has none."""
        return stages if self.stages is None else self.stages

    def pipeline(self, stages: tuple[Stage, ...], retry: Retry | None) -> PipelinePlan:
        """Return it as a pipeline, with the `stages` and `retry` of the file where it has none of its own."""
        own = cast("Retry | None", self.given.keys.get("retry"))
        chain = self.chain(stages)
        every = period(self.given.plugin, self.given.options)
        use = SourceUse(
            type=self.given.plugin.name,
            id=self.given.id,
            options=self.given.options,
            place=self.given.place,
            sensors=with_patience(self.sensors, every, silences([stage.found for stage in chain])),
            retry=own or retry or SOURCE_RETRY,
            behaviours=wrapped_in(self.given.keys),
        )
        return PipelinePlan(source=use, stages=tuple(stage.use for stage in chain))


def sources(setting: Setting, chain: ChainShape) -> EntriesShape[Source]:
    """Return the shape of `sources:`."""
    stages = Field(
        name="stages", shape=chain, description="The stages of this source, instead of those under `stages`."
    )

    around = Field(name="with", shape=behaviours(setting.registry), description="Behaviours around it.")

    retry = msgspec.structs.replace(RETRY, shape=_source_retry())

    def own(plugin: Plugin) -> list[Field]:
        option = plugin.options.get("sensors")
        struct = sensor_struct(option.annotation) if option else Sensor
        sensors = Field(
            name="sensors", shape=SensorsShape(struct, setting), description="Its sensors, by name or glob."
        )
        return [sensors, stages, retry, around]

    return EntriesShape("source", setting, own, Source)


def _source_retry() -> StructShape[Retry]:
    """Return the shape of a source's `retry`: a device is asked for again sooner than a broker."""
    shape = struct_shape(Retry, "of retry")
    defaults = msgspec.structs.asdict(SOURCE_RETRY)
    fields = (msgspec.structs.replace(field, default=defaults[field.name]) for field in shape.record.fields.values())
    return StructShape(partial(Retry, **defaults), shape.attributes, Record(fields, shape.record.about))
