"""What a class or function is called with: `inspect`, with its 4 ms and 0.5 MB, is asked only where it has to be."""

from collections.abc import Callable
from functools import partial
from types import FunctionType
from typing import Final, NamedTuple

REQUIRED: Final = object()
OPEN_ENDED: Final = 0x04 | 0x08
GENERATOR: Final = 0x20
ASYNCHRONOUS: Final = 0x80 | 0x200
"""Flags of code objects, as the documentation of `inspect` has them."""


class Parameter(NamedTuple):
    """One argument; `fault` is why it cannot be an option."""

    name: str
    annotation: object = object
    default: object = REQUIRED
    fault: str = ""


def parameters_of(target: Callable[..., object]) -> list[Parameter]:
    """Return the arguments in their order, without `self`."""
    call = _written(target)
    if call is None:
        return _inspected(target)
    code, defaults = call.__code__, call.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    default = dict(zip(names[code.co_argcount - len(defaults) :], defaults, strict=False)) | (call.__kwdefaults__ or {})
    notes = call.__annotations__
    found = [Parameter(name, notes.get(name, object), default.get(name, REQUIRED)) for name in names]
    return found[1:] if isinstance(target, type) else found


def is_generator(call: object) -> bool:
    """Tell whether a call of it yields."""
    return bool(_flags(call) & GENERATOR)


def is_asynchronous(call: object) -> bool:
    """Tell whether it takes an event loop to call it."""
    return bool(_flags(call) & ASYNCHRONOUS)


def _written(target: Callable[..., object]) -> FunctionType | None:
    """Return the function that is called in the end, if nothing comes in between that `inspect` would look at."""
    call: object = target
    if isinstance(target, type):
        maker: object = target.__new__
        plain = maker is object.__new__ and type(target).__call__ is type.__call__
        call = getattr(target, "__init__", None) if plain else None
    if not isinstance(call, FunctionType) or any(hasattr(one, "__signature__") for one in (call, target)):
        return None
    odd = call.__code__.co_flags & OPEN_ENDED or call.__code__.co_posonlyargcount or hasattr(call, "__wrapped__")
    return None if odd else call


def _inspected(target: Callable[..., object]) -> list[Parameter]:
    from inspect import signature  # noqa: PLC0415  (see above)

    found: list[Parameter] = []
    for one in signature(target).parameters.values():
        fault = ""
        if one.kind in (one.VAR_KEYWORD, one.VAR_POSITIONAL):
            fault = f"takes {one}; an option has to be written out to be checked"
        elif one.kind is one.POSITIONAL_ONLY:
            fault = f"takes {one.name} by its position only; options are handed over by name"
        annotation = object if one.annotation is one.empty else one.annotation
        found.append(Parameter(one.name, annotation, REQUIRED if one.default is one.empty else one.default, fault))
    return found


def _flags(call: object) -> int:
    """Return the flags of the code of a function, a method or a part of one; none for anything else."""
    call = getattr(call, "__func__", call)
    while isinstance(call, partial):
        call = call.func
    return call.__code__.co_flags if isinstance(call, FunctionType) else 0
