"""What was written to the log, for every test here."""

import io
import logging
from collections.abc import Generator

import pytest
from tests.log.kit import Lines

from gaugeway.log.way import Format, set_up


@pytest.fixture
def written(request: pytest.FixtureRequest) -> Generator[Lines]:
    """Return what was written so far, line by line, in the form that the test is parametrized with."""
    form: Format = getattr(request, "param", "text")
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    for handler in before:
        root.removeHandler(handler)
    set_up("debug", form, stream)
    try:
        yield lambda: stream.getvalue().splitlines()
    finally:
        logging.basicConfig(handlers=[], force=True)
        root.handlers[:] = before
        root.setLevel(level)
