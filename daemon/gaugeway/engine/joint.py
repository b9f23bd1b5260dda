"""The joints of a chain: between two stages, where readings are counted, timed and errors caught."""

from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import chain as chained
from traceback import walk_tb
from types import FrameType
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
NOTHING: Final = Tick()


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
        self._asked = True
        self._failing: Item | None = None
        self._tries = 0

    def run(self, upstream: Generator[Item], index: int, watch: Stopwatch) -> Generator[Item]:
        """Yield what the stage, the chain's `index`th, makes of `upstream`.

        A reading that comes back here with a fate was dropped by the stage it was handed to, the following one. The
        fate is taken off once it is counted, because the joints before this one get the same reading back.
        """
        following = watch.meters[index + 1]
        source: Iterator[Item] | None = upstream
        reading: Item = NOTHING  # by this name the reading is found after an error
        while source is not None:
            with Contained() as fault:
                for reading in self.process(source):
                    if watch.on:  # it changes between two bursts only, while every joint waits in the line above
                        following.timed += 1
                        watch.hand_to(index + 1)
                        yield reading
                        watch.hand_to(index)
                    else:
                        yield reading
                    if reading.fate is not None:
                        following.drop(reading.fate)
                        reading.fate = None
                if not _has_ended(upstream):
                    raise HaltedError(f"stage '{self.name}' ended before its stream did")
                return
            source = self._after(fault.error, upstream, reading)

    def _after(self, error: BaseException | None, upstream: Generator[Item], last: object) -> Iterator[Item] | None:
        """Return the stream that the stage goes on with after an error, None at its end, or raise `HaltedError`."""
        if error is None or isinstance(error, HaltedError) or _is_from_before(error):
            raise error or HaltedError(f"stage '{self.name}' ended in an unknown way")
        words = in_words(error)
        self.meter.fail(words)
        culprit = self._culprit(upstream, last, error)
        if self.on_error == "halt":
            raise HaltedError(f"stage '{self.name}' failed: {words}") from error
        if _has_ended(upstream):
            log.error("stage failed at the end of its stream", stage=self.name, reason=words, error=error)
            return None
        if culprit is NOTHING or not self._asked:
            raise HaltedError(f"stage '{self.name}' fails before it takes a reading: {words}") from error
        if self.on_error == "retry" and self._another_try(culprit):
            return self._noticed((culprit,), upstream)
        first = error if self.meter.failed == 1 else None  # later ones are a line each
        log.error("stage failed, reading left out", stage=self.name, sensor=culprit.sensor, reason=words, error=first)
        if isinstance(culprit, Reading):
            self.meter.drop("error")
        return self._noticed((), upstream)

    def _culprit(self, upstream: Generator[Item], last: object, error: BaseException) -> Item:
        """Return what the stage was handed last; raise where that, or what it made of it, is no reading."""
        handed = last_handed_on(upstream)
        if not isinstance(handed, Reading | Tick):
            what = type(handed).__name__
            raise HaltedError(f"stage '{self.name}' was handed a {what} by the stage before it") from error
        if not isinstance(last, Reading | Tick):
            what = type(last).__name__
            raise HaltedError(f"stage '{self.name}' yields a {what} where a reading belongs") from error
        return handed

    def _another_try(self, culprit: Item) -> bool:
        self._tries = self._tries + 1 if culprit is self._failing else 1
        self._failing = culprit
        return self._tries < TRIES

    def _noticed(self, again: tuple[Item, ...], upstream: Generator[Item]) -> Iterator[Item]:
        """Return a stream that tells whether it was asked for anything at all."""
        self._asked = False
        return chained(self._note_the_asking(), again, upstream)

    def _note_the_asking(self) -> Generator[Item]:
        self._asked = True
        yield from ()


def inlet(bursts: Iterator[Sequence[Item]], watch: Stopwatch) -> Generator[Item]:
    """Yield the readings of one burst after the other: where the chain begins."""
    following = watch.meters[1]
    for burst in bursts:
        for reading in watch.handing(burst, to=1) if watch.on else burst:
            yield reading
            if reading.fate is not None:
                following.drop(reading.fate)
                reading.fate = None


def last_handed_on(upstream: Generator[Item]) -> object:
    """Return the reading that a joint or the inlet, now waiting, yielded last.

    Asked for after an error only, so that remembering it costs nothing while all is well.
    """
    frame = _frame(upstream)
    return NOTHING if frame is None else frame.f_locals.get("reading", NOTHING)


def _has_ended(upstream: Generator[Item]) -> bool:
    return _frame(upstream) is None


def _frame(upstream: Generator[Item]) -> FrameType | None:
    """Return where a generator stands; None once it has ended."""
    frame: FrameType | None = getattr(upstream, "gi_frame", None)
    return frame


def _is_from_before(error: BaseException, own: int = 1) -> bool:
    """Tell whether an error came through the joint before, so that it is not of the stage that it ended."""
    carriers = (inlet.__code__, Joint.run.__code__)
    passed = sum(frame.f_code in carriers for frame, _ in walk_tb(error.__traceback__))
    earlier = error.__cause__ or error.__context__  # what the stage was told, if it made an error of its own of it
    return passed > own or (earlier is not None and _is_from_before(earlier, own=0))
