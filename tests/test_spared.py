"""What a library makes ready at once and never uses costs nothing, and is there for whoever asks."""

import copy
import pickle
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from gaugeway.spared import Spared, Uncompiled, spared, uncompiled, without

NAME = "colorsys"
"""A small module that nobody else has imported."""
PATTERNED = """
import re
PAIR = re.compile(r"([a-z]+)=([a-z]+)", re.IGNORECASE)
WRONG = re.compile("(")
def made(pattern):
    return re.compile(pattern)
"""


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


def test_a_library_is_told_that_a_module_is_missing() -> None:
    """As long as the block lasts."""
    with not_imported():
        with without(NAME), pytest.raises(ModuleNotFoundError):
            a_library()
        assert a_library().rgb_to_hsv
        with without(NAME):
            assert a_library().rgb_to_hsv, "it was there already"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A library with patterns, as it is when it has been imported uncompiled."""
    (tmp_path / "patterned.py").write_text(PATTERNED)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "patterned", raising=False)
    with uncompiled():
        with uncompiled():
            pass
        return import_module("patterned")


def test_a_pattern_is_compiled_when_it_is_used(library: ModuleType) -> None:
    """It does what it always did, flags and all; one that is not used may as well be wrong."""
    assert library.PAIR.fullmatch("key=VALUE").groups() == ("key", "VALUE")
    assert library.PAIR.pattern == r"([a-z]+)=([a-z]+)"
    assert library.WRONG.__class__ is Uncompiled
    with pytest.raises(re.error):
        library.WRONG.search  # noqa: B018


def test_a_library_compiles_at_once_what_it_is_given_later(library: ModuleType) -> None:
    """What comes out is handed on, and has to be real."""
    assert library.made("a+") is re.compile("a+")
    with pytest.raises(re.error):
        library.made("(")


def test_everything_else_of_re_is_as_it_was(library: ModuleType) -> None:
    """For the library, and for whoever imports it from then on."""
    assert library.re.sub is re.sub
    assert sys.modules["re"] is re
    assert isinstance(re.compile("at once"), re.Pattern)


def test_a_pattern_can_be_copied() -> None:
    """As those that stand in a plugin's options may be."""
    digits = Uncompiled(r"\d+")
    for one in (copy.copy(digits), copy.deepcopy(digits), pickle.loads(pickle.dumps(digits))):
        match = one.fullmatch
        assert callable(match)
        assert match("42")
