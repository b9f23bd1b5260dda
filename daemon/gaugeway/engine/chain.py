"""A chain of stages: built from the configuration alone, run on any iterator, its state saved as bytes."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import cast

import msgspec

from gaugeway.engine.joint import Item, Joint, Process, inlet, last_handed_on
from gaugeway.engine.meter import Meter, Stopwatch
from gaugeway.engine.selection import Selection
from gaugeway.engine.state import hand_on, packed, restore
from gaugeway.engine.tap import See, observed, observed_bursts
from gaugeway.plan import StageUse, Use
from gaugeway.reading import Reading
from gaugeway.site import Site


class Stage:
    """One stage of a chain: the plugin object, the use that the configuration makes of it, its counters."""

    def __init__(self, use: StageUse, plugin: object) -> None:
        self.use = use
        self.plugin = plugin
        self.meter = Meter()

    @property
    def wants_ticks(self) -> bool:
        """Whether ticks have to reach it."""
        return getattr(self.plugin, "ticks", None) == "want"

    def joint(self, site: Site, see: Sequence[See] = ()) -> Joint:
        """Return what runs it in its place, with its results shown to all who look."""
        process = cast("Process", getattr(self.plugin, "process"))  # noqa: B009  (duck-typed, held against the contract)
        if self.use.select:
            process = Selection(process, self.use.select, site.sensors).process
        return Joint(self.use.id, observed(process, see), self.use.on_error, self.meter)


class Chain:
    """The stages of one pipeline in order. Composing them is cheap and can be done again at any time."""

    def __init__(
        self, stages: Sequence[Stage], site: Site, *, enabled: Callable[[str], bool] = lambda _flag: True
    ) -> None:
        self.stages = list(stages)
        self.site = site
        self.intake = Meter()
        self.outlet = Meter()
        self.watch = Stopwatch([])
        self.wants_ticks = False
        self.enabled = enabled
        self._inlet: Generator[Item] | None = None
        self.taps: tuple[tuple[str, See], ...] = ()

    @property
    def active(self) -> list[Stage]:
        """The stages that no flag switches off."""
        return [stage for stage in self.stages if stage.use.flag is None or self.enabled(stage.use.flag)]

    def compose(self, bursts: Iterator[Sequence[Item]]) -> Generator[Item]:
        """Join the stages to one generator over bursts of readings."""
        stages = self.active
        self.wants_ticks = any(stage.wants_ticks for stage in stages)
        self.watch = Stopwatch([self.intake, *(stage.meter for stage in stages), self.outlet])
        stream = self._inlet = inlet(observed_bursts(bursts, self._looking_at("")), self.watch)
        for index, stage in enumerate(stages, start=1):
            see = self._looking_at(stage.use.id)
            stream = stage.joint(self.site, see).run(stream, index, self.watch)
        return stream

    def run(self, stream: Iterator[Item]) -> Generator[Item]:
        """Run the chain on a plain iterator, with no daemon, thread, file or clock around it."""
        return self.compose([item] for item in stream)

    def not_begun(self, burst: Sequence[Reading]) -> list[Reading]:
        """Return the readings of a burst that no stage was handed yet; asked for when one has failed for good."""
        last = last_handed_on(self._inlet) if self._inlet is not None else None
        begun = next((number for number, reading in enumerate(burst, start=1) if reading is last), 0)
        return list(burst[begun:])

    def tap(self, point: str, see: See) -> None:
        """Show `see` what leaves a stage, or what enters the chain where `point` is empty, once composed again."""
        if point and point not in {stage.use.id for stage in self.stages}:
            raise KeyError(point)
        self.taps = (*self.taps, (point, see))

    def untap(self, see: See) -> None:
        """Show it no more, once composed again."""
        self.taps = tuple(tap for tap in self.taps if tap[1] != see)

    def _looking_at(self, point: str) -> list[See]:
        return [see for at, see in self.taps if at == point]

    def save(self) -> bytes:
        """Return the state of every stage that has one."""
        states = {stage.use.id: packed(stage.plugin) for stage in self.stages}
        return msgspec.msgpack.encode({name: state for name, state in states.items() if state is not None})

    def restore(self, state: bytes) -> None:
        """Hand each stage its state back, matched by its name, so that the order may have changed.

        A state that a stage cannot take (its options have changed, or it is another plugin) is left out.
        """
        states = msgspec.msgpack.decode(state, type=dict[str, object])
        for stage in self.stages:
            if stage.use.id in states:
                restore(stage.plugin, states[stage.use.id], stage.use.id)


def take_over(
    old: Sequence[Stage], new: Sequence[Stage], same: Callable[[Use, Use], bool] = Use.makes_the_same
) -> list[Stage]:
    """Return the new stages, where a stage that has not changed goes on as the very same object with its state."""
    held: Mapping[str, Stage] = {stage.use.id: stage for stage in old}
    result: list[Stage] = []
    for stage in new:
        before = held.get(stage.use.id)
        if before is not None and same(before.use, stage.use):
            before.use = stage.use
            result.append(before)
            continue
        if before is not None and before.use.type == stage.use.type:
            hand_on(before.plugin, stage.plugin, stage.use.id)
        result.append(stage)
    return result
