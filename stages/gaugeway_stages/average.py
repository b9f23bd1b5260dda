"""Averages the newest readings of each sensor."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec

from gaugeway import Duration, Meta, Reading, Site
from gaugeway_stages.fading import Fading, TimedFading
from gaugeway_stages.mean import Mean
from gaugeway_stages.median import Median
from gaugeway_stages.window import Counted, Timed, Window

Method = Literal["simple", "exponential", "median"]
HUGE: Final = 1e300  # beyond any measurement, and far enough from the end of the numbers for sums to stay finite


class AverageState(msgspec.Struct):
    """What an average keeps: which result it is of, and what its windows keep."""

    of: str
    sensors: dict[str, object]


class Average:
    """Averages the last readings of each sensor, or those of the last while, into the result `average`.

    `last` is a number of readings (`10`) or a duration (`5min`). The average stands on each reading, from the first
    on, and is of as many as there are; no reading, no average, so a silent sensor is not reported on. A reading
    whose quality is bad or stale, that lacks the result, or that is no finite number neither enters the average nor
    is given one. A duration is measured by the stream: a time that runs back a little stands still, one that runs
    back by more than `last` starts the average anew.
    """

    ticks = "pass"
    gives = ("average",)

    def __init__(
        self,
        *,
        site: Site,
        last: Annotated[
            Annotated[int, Meta(ge=1, le=100_000)] | Annotated[Duration, Meta(gt=0)],
            Meta(description="How many readings, or the readings of how long.", examples=[10, "5min"]),
        ] = 10,
        method: Annotated[
            Method,
            Meta(description="The plain mean, one that fades with age, or the middle value, which ignores outliers."),
        ] = "simple",
        of: Annotated[str, Meta(description="Which result is averaged.", examples=["normal"])] = "value",
        at_most: Annotated[
            int, Meta(ge=1, le=100_000, description="Readings of each sensor that a duration keeps at most.")
        ] = 10_000,
    ) -> None:
        self._clock = site.clock
        self._last = last
        self._method: Method = method
        self._of = of
        self._at_most = at_most
        self._windows: dict[str, Window] = {}

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Yield every reading, with its average."""
        if self._method == "simple" and isinstance(self._last, int):
            return self._means(stream, self._last)
        return self._averages(stream)

    def save(self) -> object:
        """Return what the windows keep."""
        sensors = {sensor: window.save() for sensor, window in self._windows.items()}
        return msgspec.to_builtins(AverageState(self._of, sensors))

    def restore(self, saved: object) -> None:
        """Go on where the saved windows stood; one that has become shorter keeps the newest."""
        state = msgspec.convert(saved, AverageState)
        if state.of != self._of:
            raise ValueError(f"the saved average was of '{state.of}', not of '{self._of}'")
        windows = {sensor: self._new_window() for sensor in state.sensors}
        for sensor, window in windows.items():
            window.restore(state.sensors[sensor])
        self._windows = windows

    def _averages(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        windows, of, moment_of = self._windows, self._of, self._clock.of
        plain, timed = of == "value", not isinstance(self._last, int)
        for reading in stream:
            window = windows.get(reading.sensor)
            if window is None:
                if not reading.sensor:  # a tick
                    yield reading
                    continue
                window = windows[reading.sensor] = self._new_window()
            if reading.quality in ("good", "uncertain"):
                value = reading.value if plain else reading.get(of)
                if value is not None and -HUGE < value < HUGE:
                    reading.average = window.add(value, moment_of(reading) if timed else 0.0)
            yield reading

    def _means(self, stream: Iterator[Reading], last: int) -> Iterator[Reading]:
        """Do what `_averages` does, `Counted.add` written out: this is the hot path of most gateways."""
        means: dict[str, Mean | None] = {"": None}  # the empty name is that of a tick
        of, low, high = self._of, -HUGE, HUGE
        plain = of == "value"
        for reading in stream:
            try:
                mean = means[reading.sensor]
            except KeyError:
                mean = means[reading.sensor] = self._mean_of(reading.sensor, last)
            if mean is not None and reading.quality in ("good", "uncertain"):
                value = reading.value if plain else reading.get(of)
                if value is not None and low < value < high:
                    mean.newer.append(value)
                    total = mean.newer_sum = mean.newer_sum + value
                    older = mean.older_sums
                    if older:
                        reading.average = (total + older.pop()) / last
                    else:
                        count = len(mean.newer)
                        reading.average = total / count
                        if count == last:
                            mean.shift()
            yield reading

    def _mean_of(self, sensor: str, last: int) -> Mean:
        window = self._windows.get(sensor)
        if isinstance(window, Counted) and isinstance(window.content, Mean):
            return window.content
        mean = Mean()
        self._windows[sensor] = Counted(mean, last)
        return mean

    def _new_window(self) -> Window:
        last = self._last
        if self._method == "exponential":
            return Fading(last) if isinstance(last, int) else TimedFading(last)
        content = Mean if self._method == "simple" else Median
        return Counted(content(), last) if isinstance(last, int) else Timed(content, last, self._at_most)
