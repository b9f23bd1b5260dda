"""What was typed means the same, whether argparse is asked or not."""

from collections.abc import Sequence
from importlib import import_module
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaugeway.cli import COMMANDS
from gaugeway.cli.speech.words import Words

MODULES: Final = sorted({module for module, _ in COMMANDS.values()})
SWITCHES: Final = (
    "--active",
    "--background",
    "--dry-run",
    "--history",
    "--json",
    "--kill",
    "--live",
    "--off",
    "--plain",
)
OTHERS: Final = ("plant", "a b", "on", "8", "-1", "--rule", "--rule=x", "--js", "--dry", "-x", "-", "--", "", " ", "@a")


def words_of(module: str) -> Words:
    """Return the arguments of a command."""
    words: Words = import_module(f"gaugeway.cli.{module}").words(module)
    return words


def both(words: Words, arguments: Sequence[str]) -> tuple[dict[str, object] | None, dict[str, object] | str]:
    """Return what is taken from them without argparse, and what argparse says."""
    try:
        return words.taken(arguments), words.judged(arguments)
    except SystemExit as end:
        return words.taken(arguments), f"exit code {end.code}"


@pytest.mark.parametrize("module", MODULES)
@settings(max_examples=40, deadline=None)
@given(arguments=st.lists(st.sampled_from(SWITCHES + OTHERS), max_size=4))
def test_what_is_taken_is_what_argparse_makes_of_it(module: str, arguments: list[str]) -> None:
    """A command never understands something else, or understands what is wrong, because it was quick."""
    taken, judged = both(words_of(module), arguments)
    assert taken is None or taken == judged


@pytest.mark.parametrize("arguments", [[], ["plant"], ["--json"], ["--json", "plant"], ["plant", "--json"]])
def test_words_and_switches_are_taken(arguments: list[str]) -> None:
    """That is all that is typed as a rule."""
    taken, judged = both(words_of("health"), arguments)
    named = "plant" if "plant" in arguments else ""
    assert taken == judged == {"config": named, "json": "--json" in arguments, "schema": False}


@pytest.mark.parametrize("arguments", [["--help"], ["--js"], ["--active"], ["a", "b"], ["--", "a"], ["-"], [""]])
def test_all_else_is_left_to_argparse(arguments: list[str]) -> None:
    """Help, mistakes, and what needs to be known of option names."""
    assert words_of("health").taken(arguments) is None


def test_a_word_that_is_missing_is_missed() -> None:
    """A command that cannot do without one is not begun."""
    assert words_of("ack").taken([]) is None
    assert words_of("ack").taken(["hot"]) is not None
