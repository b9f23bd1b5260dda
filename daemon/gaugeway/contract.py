"""The whole contract of a plugin. Nothing is inherited; what has the method is the thing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from gaugeway.reading import Reading, Reject, Tick


class Source(Protocol):
    """Where readings come from. Options are keyword arguments; a keyword `site` is handed the `Site`."""

    def stream(self) -> Iterator[Reading | Reject | Tick]:
        """Open, yield readings until the end, close (`with`, `finally`). Called once, and again after a failure.

        Set `ticks = True` on the class if a `Tick` comes before every wait and at least once a second; any other
        source is read in a thread of its own. `live = False`: time is what the readings say; each call begins anew.
        `DeviceError` and `OSError` mean "later": called again after a pause. Any other error is a bug: the
        pipeline stops and is restarted a bounded number of times. Input that is no reading is yielded as a `Reject`.
        Optional: `commit()`, called between two readings, on the thread that reads, when all that was yielded
        so far is safe; this is where a message is acknowledged.
        """
        ...


class Stage(Protocol):
    """What happens to readings. A plain function `reading -> reading | None` is a stage too."""

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Yield readings, changed or not; `reading.drop(why)` before leaving one out. No clock, file or network.

        Called at the start and again after an error or a reload, so what must last stands in `self`, not in
        local names. `ticks = "pass"` on the class says that a `Tick` is yielded on untouched, `"want"` that it is
        also used; `gives = ("jump",)` names the results that the stage adds. Optional: `save() -> object` and
        `restore(saved)`, plain data, taken between two readings.
        """
        ...


class Sink(Protocol):
    """Where readings go. Several pipelines may share one sink; they take turns."""

    def consume(self, stream: Iterable[Reading]) -> Sequence[bytes] | None:
        """Take one batch, at most 256 readings. Returning means taken; the readings must not be changed.

        Optional: `tick(tick)`, when time has passed; `deliver(messages)`, for whoever talks to a network: what
        `consume` and `tick` return is kept, and handed to `deliver` on another thread, in order, until it
        returns without `DeviceError` or `OSError` (early, if it returns how many arrived); `save`, `restore` as above;
        `position()` and `rollback(position)` for what is written to disk; `flush()`, make it last; `close()`, once,
        at the end; `after`, another sink, which is handed everything before this one, and once if several come
        after it: what they have in common.
        """
        ...


class Urgent(bytes):
    """A message that has to be on disk before it is sent, and goes before all others: an alarm."""


StageFunction = Callable[[Reading], Reading | None]
