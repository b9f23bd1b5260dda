"""Spares the memory and the time for what a library makes ready at once and may never use."""

import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import cast


class Spared(ModuleType):
    """Stands for a module until something is asked of it: that imports the real one, which answers."""

    def __getattr__(self, name: str) -> object:
        self.step_aside()
        answer: object = getattr(import_module(self.__name__), name)
        return answer

    def step_aside(self) -> None:
        """Let whoever imports it from now on get the real one."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]


class Uncompiled:
    """Stands for a regular expression until something is asked of it: that compiles the real one, which answers."""

    _pattern = ""  # for a copy that is not filled in yet
    _flags = 0

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        answer: object = getattr(re.compile(self._pattern, self._flags), name)
        setattr(self, name, answer)
        return answer


@contextmanager
def spared(*names: str) -> Generator[None]:
    """Let what is imported inside the block have stand-ins for these modules, unless they are there already."""
    stand_ins = [Spared(name) for name in names if name not in sys.modules]
    sys.modules.update({one.__name__: one for one in stand_ins})
    try:
        yield
    finally:
        for one in stand_ins:
            one.step_aside()


@contextmanager
def without(name: str) -> Generator[None]:
    """Let what is imported inside the block find that there is no such module, unless it is there already."""
    there = name in sys.modules
    if not there:
        sys.modules[name] = cast("ModuleType", None)
    try:
        yield
    finally:
        if not there:
            del sys.modules[name]


@contextmanager
def uncompiled() -> Generator[None]:
    """Let what is imported inside the block compile each of its regular expressions when it is used first."""
    stand_in = ModuleType("re")
    vars(stand_in).update(vars(re), compile=Uncompiled)
    outside, sys.modules["re"] = sys.modules["re"], stand_in
    try:
        yield
    finally:
        sys.modules["re"] = outside
        vars(stand_in).update(compile=re.compile)
