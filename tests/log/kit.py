"""What tests of the log share."""

from collections.abc import Callable

import pytest

from gaugeway.log import logger

log = logger("gaugeway.test")
Lines = Callable[[], list[str]]
as_text = pytest.mark.parametrize("written", ["text"], indirect=True)
as_json = pytest.mark.parametrize("written", ["json"], indirect=True)
as_journal = pytest.mark.parametrize("written", ["journal"], indirect=True)


def raised(error: BaseException) -> BaseException:
    """Return an error with the place where it was raised."""
    with pytest.raises(type(error)) as met:
        raise error
    return met.value
