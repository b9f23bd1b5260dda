"""What exceptions say, in one line for people."""

import errno

import pytest

from gaugeway import DeviceError
from gaugeway.contain import in_words


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DeviceError("nothing listens\n on  localhost"), "nothing listens on localhost"),
        (DeviceError(), "DeviceError"),
        (OSError(errno.ENOSPC, "No space left on device", "/a"), "No space left on device: /a"),
        (KeyError("flow"), "KeyError: 'flow'"),
    ],
)
def test_an_error_is_said_in_words(error: Exception, said: str) -> None:
    """Ours are sentences already; of any other its kind is said, without which 'flow' alone would be a riddle."""
    assert in_words(error) == said
