"""What a library imports at once and never uses stays out of memory, and is there for whoever asks."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType

import pytest

from gaugeway.mqtt.spared import Spared, spared

NAME = "colorsys"
"""A small module that nobody else has imported."""


@contextmanager
def not_imported() -> Generator[None]:
    before = sys.modules.pop(NAME, None)
    try:
        yield
    finally:
        sys.modules.pop(NAME, None)
        if before is not None:
            sys.modules[NAME] = before


def a_library() -> ModuleType:
    import colorsys

    return colorsys


def test_who_asks_nothing_of_it_has_a_stand_in() -> None:
    """And whoever imports it later, the real one."""
    with not_imported():
        with spared(NAME):
            held = a_library()
        assert isinstance(held, Spared)
        assert NAME not in sys.modules
        assert not isinstance(a_library(), Spared)


def test_who_asks_gets_the_answer_of_the_real_one() -> None:
    """During the block, as another thread may, and after it."""
    with not_imported(), spared(NAME):
        held = a_library()
        answer = held.rgb_to_hsv
        assert answer is a_library().rgb_to_hsv
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = held.nonsense


def test_what_is_there_already_is_left_alone() -> None:
    """It costs nothing any more."""
    with not_imported():
        real = a_library()
        with spared(NAME):
            assert a_library() is real
        assert sys.modules[NAME] is real
