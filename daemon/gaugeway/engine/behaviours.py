"""What can be put around any source, stage or sink without touching its code: logging, timing, retry.

In the configuration: `with: [logged, {retried: {times: 3}}]`. In Python: `Retried(times=3).wrap(sink, "archive")`, or
as a decorator of a class, `@Timed().around`. A third party's behaviour is a class with keyword options and
`wrap(plugin, name) -> plugin`.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from time import perf_counter
from typing import Annotated, ParamSpec, Protocol, TypeVar, cast, runtime_checkable

from msgspec import Meta

from gaugeway.contain import Contained, in_words
from gaugeway.engine.joint import Item
from gaugeway.log import logger
from gaugeway.options import Duration
from gaugeway.reading import Reading, Tick

log = logger(__name__)
P = ParamSpec("P")
R = TypeVar("R")
END = Tick()
METHODS = ("stream", "process", "consume", "tick", "deliver", "flush")


@runtime_checkable
class Behaviour(Protocol):
    """Wraps a plugin in another that does something more."""

    def wrap(self, plugin: object, name: str) -> object:
        """Return a plugin that does what `plugin` does, and more."""
        ...


class Wrapped:
    """A plugin with some of its methods replaced; everything else is the plugin's own."""

    def __init__(self, plugin: object, **methods: object) -> None:
        self._plugin = plugin
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> object:
        return getattr(self._plugin, name)


class Around:
    """Applies one behaviour to whichever of the contract's methods a plugin has."""

    def wrap(self, plugin: object, name: str) -> object:
        """Return the plugin with its methods wrapped."""
        methods: dict[str, object] = {}
        for method in METHODS:
            call = getattr(plugin, method, None)
            if call is not None:
                methods[method] = self.wrapped(call, method, name)
        return Wrapped(plugin, **methods)

    def around(self, cls: Callable[P, object]) -> Callable[P, object]:
        """Decorate a plugin class, so that each of its objects comes wrapped."""

        @wraps(cls)
        def make(*args: P.args, **options: P.kwargs) -> object:
            return self.wrap(cls(*args, **options), getattr(cls, "__name__", "plugin"))

        return make

    def wrapped(self, call: Callable[..., object], method: str, name: str) -> Callable[..., object]:
        """Return `call` with the behaviour around it; a stream is given on untouched unless it is overridden."""
        raise TypeError(f"{type(self).__name__} does not say what it does around {name}.{method} ({call})")


class Logged(Around):
    """Logs when a plugin begins, ends and fails, and how many readings went through."""

    def wrapped(self, call: Callable[..., object], method: str, name: str) -> Callable[..., object]:
        """Log around a call, or around a whole stream."""
        if method in ("stream", "process"):
            return lambda *args: self._streamed(call, method, name, *args)

        def logged(*args: object) -> object:
            size = len(cast("Sequence[object]", args[0])) if args and isinstance(args[0], Sequence) else None
            log.debug("called", plugin=name, method=method, size=size)
            with self._failure_logged(name, method):
                return call(*args)

        return logged

    def _streamed(self, call: Callable[..., object], method: str, name: str, *args: object) -> Iterator[Item]:
        log.info("begins", plugin=name, method=method)
        count = 0
        with self._failure_logged(name, method):
            for item in as_stream(call(*args)):
                count += isinstance(item, Reading)
                yield item
            log.info("ends", plugin=name, method=method, count=count)

    @contextmanager
    def _failure_logged(self, name: str, method: str) -> Generator[None]:
        with Contained() as fault:
            yield
        if fault.error is not None:
            log.error("failed", plugin=name, method=method, reason=in_words(fault.error))
            raise fault.error


class Timed(Around):
    """Logs, now and then, how long the calls of a plugin took."""

    def __init__(
        self, *, every: Annotated[Duration, Meta(gt=0, description="How often to log.", examples=["1min"])] = 60.0
    ) -> None:
        self.every = every
        self.calls = 0
        self.seconds = 0.0
        self.longest = 0.0
        self._logged_at = perf_counter()

    def wrapped(self, call: Callable[..., object], method: str, name: str) -> Callable[..., object]:
        """Time each call, or each step of a stream (with what stands before it)."""
        if method in ("stream", "process"):
            return lambda *args: self._streamed(call, name, *args)

        def timed(*args: object) -> object:
            with self.measured(name):
                return call(*args)

        return timed

    def _streamed(self, call: Callable[..., object], name: str, *args: object) -> Iterator[Item]:
        stream = as_stream(call(*args))
        while True:
            with self.measured(name):
                item = next(stream, END)
            if item is END:
                return
            yield item

    @contextmanager
    def measured(self, name: str) -> Generator[None]:
        """Time the block inside."""
        began = perf_counter()
        try:
            yield
        finally:
            now = perf_counter()
            self.calls += 1
            self.seconds += now - began
            self.longest = max(self.longest, now - began)
            if now - self._logged_at >= self.every:
                mean = self.seconds / self.calls
                log.info("timed", plugin=name, calls=self.calls, mean_us=mean * 1e6, longest_us=self.longest * 1e6)
                self.calls, self.seconds, self.longest, self._logged_at = 0, 0.0, 0.0, now


class Retried(Around):
    """Tries a failing call again at once, a few times, before it counts as failed."""

    def __init__(
        self, *, times: Annotated[int, Meta(ge=1, description="How many tries in all.", examples=[3])] = 3
    ) -> None:
        self.times = times

    def wrapped(self, call: Callable[..., object], method: str, name: str) -> Callable[..., object]:
        """Repeat the call; a stream cannot be repeated and is left as it is."""
        if method in ("stream", "process"):
            return call

        def retried(*args: object) -> object:
            kept = tuple(_kept(one) for one in args)
            for turn in range(1, self.times):
                with Contained() as fault:
                    return call(*kept)
                if fault.error is not None:
                    log.debug("tried", plugin=name, method=method, turn=turn, reason=in_words(fault.error))
            return call(*kept)

        return retried


def as_stream(produced: object) -> Iterator[Item]:
    """Return what `stream` or `process` returned, iterable by contract, as an iterator of items."""
    if not isinstance(produced, Iterable):
        raise TypeError(f"{type(produced).__name__} is no stream")
    return iter(cast("Iterable[Item]", produced))


def _kept(argument: object) -> object:
    """Return an argument that can be handed over more than once."""
    return list(as_stream(cast("object", argument))) if isinstance(argument, Iterator) else argument
