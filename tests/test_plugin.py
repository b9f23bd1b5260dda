"""A plugin is refused where it breaks the contract, and made where it keeps it."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Annotated, get_args

import msgspec
import pytest

from gaugeway import (
    ConfigError,
    Duration,
    Meta,
    PluginError,
    Reading,
    ReadingStage,
    Site,
    Tick,
    behaviour,
    sink,
    source,
    stage,
)
from gaugeway.card import Role
from gaugeway.plugin import Plugin


class Pump:
    """Reads a pump.

    More about it.
    """

    def __init__(
        self,
        *,
        port: str,
        every: Annotated[Duration, Meta(gt=0, description="How often.")] = 1.0,
        site: Site | None = None,
    ) -> None:
        self.port, self.every, self.site = port, every, site

    def stream(self) -> Iterator[Reading]:
        yield Reading("pump", self.every)


def plugin(role: Role, target: object, name: str = "it") -> Plugin:
    return Plugin(role, name, "a test", lambda: target)


def refusal(role: Role, target: object) -> str:
    """Return why a plugin cannot be used."""
    with pytest.raises(PluginError) as refused:
        plugin(role, target).check()
    return str(refused.value)


def test_a_plugin_is_described_by_itself() -> None:
    """Its docstring, its signature and its annotations say it all."""
    found = plugin("source", Pump)
    assert found.description == "Reads a pump."
    assert (found.kinds, found.version, found.wants_site) == (("any",), "", True)
    assert list(found.options) == ["port", "every"]
    assert found.options["port"].required
    assert found.options["port"].annotation is str
    assert (found.options["every"].required, found.options["every"].default) == (False, 1.0)
    metas = get_args(found.options["every"].annotation)
    assert any(isinstance(meta, Meta) and meta.description == "How often." for meta in metas)


def test_a_card_says_what_a_docstring_cannot() -> None:
    """Kinds and version come from the decorator; its description goes before the docstring."""

    @source("flow_meter", kinds=("flow",), version="1.2", description="Counts pulses.")
    class Meter(Pump):
        """Not this."""

    found = plugin("source", Meter)
    assert (found.kinds, found.version, found.description) == (("flow",), "1.2", "Counts pulses.")


def test_a_card_is_not_inherited() -> None:
    """A subclass is a plugin of its own, with a description of its own."""

    @stage("mother")
    class Mother:
        """The mother."""

        def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
            return stream

    class Daughter(Mother): ...

    assert plugin("stage", Daughter).card.name == "it"
    assert plugin("stage", Daughter).description == ""


class Nothing: ...


class AsyncSource:
    async def stream(self) -> AsyncIterator[Reading]:
        yield Reading("a", 1.0)


class AsyncSink:
    async def consume(self, stream: Iterable[Reading]) -> None: ...


class Unfinished(ReadingStage):
    """Does not say what it does."""


class CommitsWithoutTicks:
    def stream(self) -> Iterator[Reading]:
        yield Reading("a", 1.0)

    def commit(self) -> None: ...


class ManyOptions:
    def __init__(self, **options: str) -> None: ...

    def stream(self) -> Iterator[Reading]:
        yield Reading("a", 1.0)


class ListOfOptions:
    def __init__(self, *options: str) -> None: ...

    def consume(self, stream: Iterable[Reading]) -> None: ...


class ByPosition:
    def __init__(self, port: str, /) -> None: ...

    def consume(self, stream: Iterable[Reading]) -> None: ...


def not_a_generator(*, port: str) -> list[Reading]:
    return [Reading(port, 1.0)]


def takes_nothing() -> None: ...


async def asynchronous(reading: Reading) -> Reading:
    return reading


@sink("elsewhere")
def registered_as_a_sink(batch: Iterable[Reading]) -> None: ...


@pytest.mark.parametrize(
    ("role", "target", "reason"),
    [
        ("source", Nothing, "lacks the method stream()"),
        ("stage", Nothing, "lacks the method process()"),
        ("sink", Nothing, "lacks the method consume()"),
        ("behaviour", Nothing, "lacks the method wrap()"),
        ("stage", Unfinished, "lacks the method process()"),
        ("source", AsyncSource, "has an asynchronous stream(); it is called from a thread"),
        ("sink", AsyncSink, "has an asynchronous consume(); it is called from a thread"),
        ("stage", asynchronous, "is asynchronous; it is called from a thread"),
        ("source", CommitsWithoutTicks, "has commit() but does not say `ticks = True`"),
        ("source", ManyOptions, "takes **options: str; an option has to be written out"),
        ("sink", ListOfOptions, "takes *options: str; an option has to be written out"),
        ("sink", ByPosition, "takes port by its position only"),
        ("source", not_a_generator, "is a function that yields nothing"),
        ("stage", takes_nothing, "takes no argument; a stage is handed readings"),
        ("sink", takes_nothing, "takes no argument; a sink is handed readings"),
        ("behaviour", takes_nothing, "is a function; a behaviour is a class"),
        ("stage", registered_as_a_sink, "is registered as a sink, and is no stage"),
        ("stage", 7, "is no class and no function but a int"),
    ],
)
def test_what_breaks_the_contract_is_refused_with_the_reason(role: Role, target: object, reason: str) -> None:
    """The sentence says what is missing or wrong."""
    assert refusal(role, target).startswith(reason)


@pytest.mark.parametrize("error", [ModuleNotFoundError("No module named 'spidev'"), SystemExit(3), ZeroDivisionError()])
def test_an_import_that_fails_is_a_refusal_in_words(error: BaseException) -> None:
    """Even one that wants to end the process."""

    def load() -> object:
        raise error

    with pytest.raises(PluginError, match=f"cannot be imported: {type(error).__name__}"):
        _ = Plugin("source", "it", "a test", load).target


def test_every_question_to_a_broken_plugin_is_refused_again() -> None:
    """Nobody gets half of it."""
    broken = plugin("source", Nothing)
    for question in ("target", "card", "kinds", "description", "version", "options", "ticks"):
        with pytest.raises(PluginError, match="lacks the method"):
            getattr(broken, question)


def test_a_class_is_made_with_its_options() -> None:
    """They are handed over by name."""
    made = plugin("source", Pump).make(port="/dev/x", every=2.0)
    assert isinstance(made, Pump)
    assert (made.port, made.every) == ("/dev/x", 2.0)


def test_a_class_without_a_constructor_has_no_options() -> None:
    """Nothing to write, nothing to check."""

    class Plain:
        def consume(self, stream: Iterable[Reading]) -> None: ...

    assert not plugin("sink", Plain).options


def test_a_struct_is_a_plugin_with_its_fields_as_options() -> None:
    """A signature without a constructor of its own counts too."""

    class Scale(msgspec.Struct):
        by: float = 2.0

        def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
            return stream

    options = plugin("stage", Scale).options
    assert (options["by"].annotation, options["by"].default) == (float, 2.0)


def test_a_function_is_a_stage_with_its_other_arguments_as_options() -> None:
    """The first is the reading; ticks go by it."""

    def scale(reading: Reading, *, by: float = 2.0) -> Reading:
        reading.value *= by
        return reading

    found = plugin("stage", scale)
    assert list(found.options) == ["by"]
    assert found.ticks == "pass"
    made = found.make(by=10.0)
    process: Callable[[Iterator[object]], Iterator[object]] = getattr(made, "process")
    tick = Tick()
    assert list(process(iter([Reading("a", 1.5), tick]))) == [Reading("a", 15.0), tick]


def test_an_inherited_stage_is_adapted_and_keeps_its_state() -> None:
    """`process` takes one reading there; save and restore are still its own."""

    class Counts(ReadingStage):
        def __init__(self, *, first: int = 0) -> None:
            self.count = first

        def process(self, reading: Reading) -> Reading | None:
            self.count += 1
            return reading if self.count % 2 else None

        def save(self) -> int:
            return self.count

        def restore(self, saved: int) -> None:
            self.count = saved

    found = plugin("stage", Counts)
    assert found.ticks == "pass"
    made = found.make(first=2)
    process: Callable[[Iterator[object]], Iterator[object]] = getattr(made, "process")
    assert list(process(iter([Reading("a", 1.0), Reading("a", 2.0)]))) == [Reading("a", 1.0)]
    save: Callable[[], int] = getattr(made, "save")
    assert save() == 4


def test_functions_are_sources_and_sinks_too() -> None:
    """A generator function yields, a function takes a batch; their arguments are the options."""

    @source("counter")
    def count(*, up_to: int) -> Iterator[Reading]:
        yield from (Reading("n", number) for number in range(up_to))

    taken: list[float] = []

    @sink("list")
    def keep(batch: Iterable[Reading], *, factor: float) -> None:
        taken.extend(reading.value * factor for reading in batch)

    counts, keeps = plugin("source", count), plugin("sink", keep)
    assert (list(counts.options), list(keeps.options)) == (["up_to"], ["factor"])
    stream: Callable[[], Iterator[Reading]] = getattr(counts.make(up_to=3), "stream")
    consume: Callable[[Iterable[Reading]], None] = getattr(keeps.make(factor=2.0), "consume")
    consume(stream())
    assert taken == [0, 2, 4]


def test_a_constructors_own_error_passes() -> None:
    """It speaks to the operator, not of the plugin."""

    class Strict:
        def __init__(self, *, port: str) -> None:
            raise ConfigError(f"{port} is no port")

        def stream(self) -> Iterator[Reading]:
            yield Reading("a", 1.0)

    with pytest.raises(ConfigError, match="x is no port"):
        plugin("source", Strict).make(port="x")


def test_a_behaviour_is_a_plugin_like_any_other() -> None:
    """Registered under its own role, with options of its own."""

    @behaviour("louder")
    class Louder:
        def __init__(self, *, by: int = 1) -> None:
            self.by = by

        def wrap(self, plugin: object, name: str) -> object:
            return plugin

    found = plugin("behaviour", Louder)
    assert list(found.options) == ["by"]
    assert isinstance(found.make(by=2), Louder)
