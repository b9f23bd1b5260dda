"""The joints of a chain: between two stages, where readings are counted, timed and errors caught."""

import inspect
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import chain as chained
from typing import Final

from gaugeway.contain import Contained, in_words
from gaugeway.engine.meter import Meter, Stopwatch
from gaugeway.errors import PluginError
from gaugeway.log import logger
from gaugeway.plan import OnError
from gaugeway.reading import Reading, Tick

Item = Reading | Tick
Process = Callable[[Iterator[Item]], Iterator[Item]]

log = logger(__name__)
TRIES: Final = 3


class HaltedError(PluginError):
    """A part of the pipeline failed and its strategy is to stop."""


class Joint:
    """One stage in its place: what runs it, what it counts, and what an error of it does.

    A stage's generator is finished by an error, but not what stands before it: so the stage is simply asked to
    `process` the rest of the same stream again. The reading that it failed on is left out (`skip`), or is put in
    front of the stream again a few times (`retry`).
    """

    def __init__(self, name: str, process: Process, on_error: OnError, meter: Meter) -> None:
        self.name = name
        self.process = process
        self.on_error: OnError = on_error
        self.meter = meter
        self._failing: Item | None = None
        self._tries = 0

    def run(self, upstream: Generator[Item], index: int, watch: Stopwatch) -> Generator[Item]:
        """Yield what the stage, the chain's `index`th, makes of `upstream`.

        A reading that comes back here with a fate was dropped by the stage it was handed to, the following one.
        """
        following = watch.meters[index + 1]
        source: Iterator[Item] = upstream
        while True:
            with Contained() as fault:
                produced = iter(self.process(source))
                for reading in produced:
                    yield reading
                    if reading.fate is not None:
                        following.drop(reading.fate)
                    while watch.on:
                        watch.hand_to(index)
                        reading = next(produced, None)  # noqa: PLW2901  (one name, by which it is found after an error)
                        if reading is None:
                            return
                        following.timed += 1
                        watch.hand_to(index + 1)
                        yield reading
                        if reading.fate is not None:
                            following.drop(reading.fate)
                return
            source = self._after(fault.error, upstream)

    def _after(self, error: BaseException | None, upstream: Generator[Item]) -> Iterator[Item]:
        """Return the stream that the stage goes on with after an error, or raise `HaltedError`."""
        if error is None or isinstance(error, HaltedError):
            raise error or HaltedError(f"stage '{self.name}' ended in an unknown way")
        culprit = _last_handed_on(upstream)
        self.meter.fail(in_words(error))
        if self.on_error == "halt":
            raise HaltedError(f"stage '{self.name}' failed: {in_words(error)}") from error
        if self.on_error == "retry" and culprit is not None and self._another_try(culprit):
            return chained((culprit,), upstream)
        sensor = culprit.sensor if culprit is not None else ""
        log.error("stage failed, reading left out", stage=self.name, sensor=sensor, error=_first(error, self.meter))
        self.meter.drop("error")
        return upstream

    def _another_try(self, culprit: Item) -> bool:
        self._tries = self._tries + 1 if culprit is self._failing else 1
        self._failing = culprit
        return self._tries < TRIES


def inlet(bursts: Iterator[Sequence[Item]], watch: Stopwatch) -> Generator[Item]:
    """Yield the readings of one burst after the other: where the chain begins."""
    following = watch.meters[1]
    for burst in bursts:
        if watch.on:
            following.timed += len(burst)
        for reading in burst:
            if watch.on:
                watch.hand_to(1)
            yield reading
            if reading.fate is not None:
                following.drop(reading.fate)


def _last_handed_on(upstream: Generator[Item]) -> Item | None:
    """Return the reading that a joint or the inlet, now waiting, yielded last.

    Asked for after an error only, so that remembering it costs nothing while all is well.
    """
    found: Item | None = inspect.getgeneratorlocals(upstream).get("reading")
    return found


def _first(error: BaseException, meter: Meter) -> BaseException | None:
    """Return the error for its traceback the first time; later ones are a line each."""
    return error if meter.failed == 1 else None
