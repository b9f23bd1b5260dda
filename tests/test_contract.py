"""The contract is one short file, and what is built in keeps it like everybody else's."""

import inspect
from collections.abc import Callable, Iterator
from typing import Final, get_args, get_origin

import pytest

import gaugeway
from gaugeway import Meta, Reading, Sink, Source, Stage, contract
from gaugeway.card import Role
from gaugeway.plugin import METHOD, Plugin
from gaugeway.registry import Registry
from gaugeway.signature import REQUIRED

BUILT_IN: Final = [plugin for plugin in Registry.discover().usable() if plugin.built_in]
ROLES: Final[tuple[Role, ...]] = ("source", "stage", "sink", "behaviour")


def test_the_whole_contract_is_one_short_read() -> None:
    """Under sixty lines, docstrings and all; longer would not be read."""
    assert len(inspect.getsource(contract).splitlines()) < 60


@pytest.mark.parametrize(("role", "part"), [("source", Source), ("stage", Stage), ("sink", Sink)])
def test_each_part_says_what_its_method_does(role: Role, part: type) -> None:
    """When, how often, and what an error does."""
    method: Callable[..., object] = getattr(part, METHOD[role])
    assert inspect.getdoc(part)
    assert len((inspect.getdoc(method) or "").splitlines()) > 3


def test_the_face_is_complete() -> None:
    """Every public name is there, and in the order of the alphabet."""
    assert sorted(gaugeway.__all__) == gaugeway.__all__
    assert all(hasattr(gaugeway, name) for name in gaugeway.__all__)


def test_nothing_built_in_is_refused() -> None:
    """What a user installs works, of every role."""
    registry = Registry.discover()
    registry.usable()
    assert [str(one) for one in registry.refusals if one.origin == "package gaugeway"] == []
    assert {plugin.role for plugin in BUILT_IN} == set(ROLES)


@pytest.mark.parametrize("plugin", BUILT_IN, ids=lambda plugin: f"{plugin.role} {plugin.name}")
def test_what_is_built_in_explains_itself(plugin: Plugin) -> None:
    """One line about it, and one about each of its options, as its users will read them."""
    assert plugin.description.endswith(".")
    for option in plugin.options.values():
        if option.name == "sensors":
            continue
        assert _description(option.annotation), f"{plugin.name}: {option.name} is not described"


@pytest.mark.parametrize("plugin", BUILT_IN, ids=lambda plugin: f"{plugin.role} {plugin.name}")
def test_what_is_built_in_takes_its_options_by_name(plugin: Plugin) -> None:
    """Keyword arguments with annotations; a default is of a kind that can be written in a file."""
    parameters = list(inspect.signature(plugin.target).parameters.values())
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)
    assert all(option.annotation is not object for option in plugin.options.values())
    assert all(option.default is REQUIRED or not callable(option.default) for option in plugin.options.values())


@pytest.mark.parametrize(
    "plugin", [plugin for plugin in BUILT_IN if plugin.role == "source"], ids=lambda plugin: plugin.name
)
def test_built_in_sources_tick(plugin: Plugin) -> None:
    """None of them needs a thread of its own."""
    assert plugin.ticks is True


@pytest.mark.parametrize(
    "plugin", [plugin for plugin in BUILT_IN if plugin.role == "stage"], ids=lambda plugin: plugin.name
)
def test_built_in_stages_let_ticks_by(plugin: Plugin) -> None:
    """So that each can stand before any other, and apply to some sensors only."""
    assert plugin.ticks in ("pass", "want")


def test_a_function_is_a_stage() -> None:
    """The type says so too."""

    def double(reading: Reading) -> Reading | None:
        reading.value *= 2
        return reading

    made: gaugeway.StageFunction = double
    assert made(Reading("a", 2.0)) == Reading("a", 4.0)


def _description(annotation: object) -> str:
    return next((meta.description for meta in _metas(annotation) if meta.description), "")


def _metas(annotation: object) -> Iterator[Meta]:
    """Yield every Meta of an annotation, also one inside `X | None`."""
    yield from (one for one in getattr(annotation, "__metadata__", ()) if isinstance(one, Meta))
    if get_origin(annotation) is not None:
        for one in get_args(annotation):
            yield from _metas(one)
