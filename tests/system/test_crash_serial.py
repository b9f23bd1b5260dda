"""A device on a serial port does not wait: what it says while nobody listens is lost, and nothing else."""

import os
from pathlib import Path
from random import Random
from typing import Final

from tests.system.talker import CONFIGURATION, Lives, Talker
from tests.system.victim import Victim

KILLS: Final = int(os.environ.get("GAUGEWAY_TEST_KILLS", "10"))
SEED: Final = int(os.environ.get("GAUGEWAY_TEST_SEED", "1"))


def test_only_what_is_sent_while_nobody_listens_is_missing(tmp_path: Path) -> None:
    """However long `sync_every` is: what was read outlasts the process."""
    with Talker() as talker, Victim(tmp_path, CONFIGURATION) as gateway:
        lives = Lives(talker, gateway, Random(SEED))
        for _ in range(KILLS):
            lives.live((0, 100, 5000))
            lives.end(gateway.kill)
        lives.live((0, 100, 5000))
        assert gateway.stop() == 0
    lives.judge()
