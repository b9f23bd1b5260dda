"""Older formats are brought to the present one, and every comment stays."""

import pytest

from gaugeway.config.upgrade import PRESENT, upgraded, version_of
from gaugeway.errors import ConfigError

OLD = "# The cellar.\n\nsources:   # two of them\n  a: {type: synthetic}\n"


def test_a_file_that_states_no_version_gets_one_before_its_first_key() -> None:
    """Its comments and its spacing stay as they are."""
    assert upgraded(OLD) == "# The cellar.\n\nversion: 1\nsources:   # two of them\n  a: {type: synthetic}\n"


def test_the_present_format_stays_as_it_is() -> None:
    """To upgrade twice changes nothing more."""
    once = upgraded(OLD)
    assert upgraded(once) == once
    assert version_of(once) == PRESENT


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "---\nnode: a\n"])
def test_odd_files_are_upgraded_too(text: str) -> None:
    """An empty file, a comment alone, a document mark."""
    assert version_of(upgraded(text)) == PRESENT


def test_windows_line_ends_stay() -> None:
    """The line that is added ends like the others."""
    assert upgraded("node: a\r\n") == "version: 1\r\nnode: a\r\n"


def test_a_newer_format_is_refused_in_words() -> None:
    """The file is not at fault, the program is too old."""
    with pytest.raises(ConfigError, match="of version 9"):
        upgraded("version: 9\n")
