"""The registry lists plugins by role and kind, and says of each that is refused why."""

from collections.abc import Iterator

from gaugeway import Kind, Reading, stage
from gaugeway.card import Role
from gaugeway.plugin import Plugin
from gaugeway.registry import Registry


class Pump:
    """A source."""

    def stream(self) -> Iterator[Reading]:
        yield Reading("pump", 1.0)


class Tank:
    """A sink."""

    def consume(self, stream: Iterator[Reading]) -> None: ...


class Nothing: ...


def plugin(role: Role, target: object, name: str = "it") -> Plugin:
    return Plugin(role, name, "a test", lambda: target)


def kinds(*of: Kind) -> type:
    @stage("kinds", kinds=of)
    class Of:
        def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
            return stream

    return Of


def test_plugins_are_listed_by_role_and_kind() -> None:
    """What is for any kind is for each."""
    registry = Registry(
        [
            plugin("stage", kinds("pressure"), "p"),
            plugin("stage", kinds("flow", "pressure"), "fp"),
            plugin("stage", kinds("any"), "all"),
            plugin("source", Pump, "pump"),
        ]
    )
    assert [one.name for one in registry.usable("stage", "pressure")] == ["p", "fp", "all"]
    assert [one.name for one in registry.usable("stage", "temperature")] == ["all"]
    assert [one.name for one in registry.usable("stage")] == ["p", "fp", "all"]
    assert [one.name for one in registry.usable(kind="flow")] == ["fp", "all", "pump"]
    assert [one.name for one in registry.usable()] == ["p", "fp", "all", "pump"]
    assert registry.names("source") == ["pump"]


def test_what_cannot_be_used_is_listed_as_refused() -> None:
    """The others are found all the same, and the refusal names it."""
    registry = Registry([plugin("source", Nothing, "broken"), plugin("source", Pump, "pump")])
    assert registry.names("source") == ["broken", "pump"]
    assert [one.name for one in registry.usable("source")] == ["pump"]
    assert [str(one) for one in registry.refusals] == ["source 'broken' (a test): lacks the method stream()"]
    assert registry.find("source", "broken") is None


def test_the_first_of_a_name_keeps_it() -> None:
    """A name belongs to one plugin of each role; the other is refused, with where the first is from."""
    first, second = plugin("source", Pump), Plugin("source", "it", "another place", lambda: Pump)
    other_role = plugin("sink", Tank)
    registry = Registry([first, second, other_role])
    assert registry.find("source", "it") is first
    assert registry.find("sink", "it") is other_role
    assert [str(one) for one in registry.refusals] == [
        "source 'it' (another place): the name is taken by the one from a test"
    ]
