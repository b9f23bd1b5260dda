"""Keeps out of memory what a library imports at once and may never use."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType


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
