"""What is read without `inspect` is what `inspect` says."""

import inspect
from typing import Final

import pytest

from gaugeway.signature import REQUIRED, is_asynchronous, is_generator, parameters_of

GROUND: Final = """
import inspect
from functools import partial, partialmethod, wraps
from typing import Protocol
import msgspec

class Meta(type):
    def __call__(cls, *, called: int): ...
"""
SOURCE: Final = """
def bare(): ...
def options(reading: object, factor: float = 2.0, *, name: str, unit: "str" = "m", anything=None): ...
def open_ended(reading, *rest: int, **more: str): ...
def by_position(port: str, /, speed: int = 9600): ...

@wraps(options)
def wrapping(*given, **named): ...

part = partial(options, factor=3.0)

class WithOptions:
    def __init__(self, first: int = 1, *, second: str = "b"): ...

class Inheriting(WithOptions): ...
class WithoutOptions: ...

class ByNew:
    def __new__(cls, *, made: int): ...

class ByMeta(metaclass=Meta):
    def __init__(self, unseen: int = 0): ...

class Decorated:
    @wraps(WithOptions.__init__)
    def __init__(self, *given, **named): ...

class Partly:
    def _init(self, a: int, b: int): ...
    __init__ = partialmethod(_init, 1)

class Told:
    __signature__ = inspect.Signature([inspect.Parameter("told", inspect.Parameter.KEYWORD_ONLY, default=3)])
    def __init__(self, unseen: int = 0): ...

class Record(msgspec.Struct, kw_only=True):
    a: int
    b: str = "x"

class Says(Protocol):
    def say(self): ...

class Saying(Says):
    def say(self): ...

class Called:
    def __call__(self, a: int, *, b: int = 2): ...

called = Called()
method = WithOptions().__init__

def yielding(first: int = 0):
    yield first

async def waiting(first: int = 0): ...

async def streaming(first: int = 0):
    yield first

class Methods:
    def stream(self):
        yield 1
    async def wait(self): ...

stream, wait = Methods().stream, Methods().wait
yielding_part, waiting_part = partial(yielding, 1), partial(waiting, 1)
"""
NAMES: Final[dict[str, object]] = {"__name__": "written"}
exec(GROUND, NAMES)
GIVEN: Final = frozenset(NAMES)
exec(SOURCE, NAMES)
TARGETS: Final = {name: found for name, found in NAMES.items() if name not in GIVEN and callable(found)}
OPTIONS: Final = parameters_of(TARGETS["options"])


def test_there_is_something_to_compare() -> None:
    """Plain ones and odd ones."""
    assert {"options", "WithOptions", "part", "Told", "yielding", "ByMeta"} <= TARGETS.keys()
    assert [one.name for one in OPTIONS] == ["reading", "factor", "name", "unit", "anything"]


@pytest.mark.parametrize("name", TARGETS)
def test_the_arguments_are_those_that_inspect_finds(name: str) -> None:
    """In their order, with annotations and defaults."""
    expected = [
        (
            one.name,
            object if one.annotation is one.empty else one.annotation,
            REQUIRED if one.default is one.empty else one.default,
            one.kind in (one.VAR_KEYWORD, one.VAR_POSITIONAL, one.POSITIONAL_ONLY),
        )
        for one in inspect.signature(TARGETS[name]).parameters.values()
    ]
    found = parameters_of(TARGETS[name])
    assert [(one.name, one.annotation, one.default, bool(one.fault)) for one in found] == expected


def test_what_cannot_be_given_by_its_name() -> None:
    """It says why."""
    faults = [one.fault for name in ("open_ended", "by_position") for one in parameters_of(TARGETS[name]) if one.fault]
    assert faults == [
        "takes *rest: int; an option has to be written out to be checked",
        "takes **more: str; an option has to be written out to be checked",
        "takes port by its position only; options are handed over by name",
    ]


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_call_comes_to(name: str) -> None:
    """As `inspect` tells it."""
    call = TARGETS[name]
    assert is_generator(call) == inspect.isgeneratorfunction(call)
    assert is_asynchronous(call) == (inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call))
