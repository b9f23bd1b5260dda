"""One gateway that runs, for all tests that only look at it."""

from collections.abc import Generator

import pytest
from tests.support.gateways import Home


@pytest.fixture(scope="session")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Generator[Home]:
    """A gateway that has been started and that nobody may stop or change."""
    with Home(tmp_path_factory.mktemp("plant")) as home:
        home.start()
        yield home
        home.run("stop")
