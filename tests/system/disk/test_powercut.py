"""A few power cuts: the disk loses what it had not flushed, and nothing is lost with it that was promised."""

import os
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import pytest
from tests.support.brokers import needs_mosquitto
from tests.system.campaign.plan import Orders
from tests.system.disk.powercut import PowerCuts
from tests.system.disk.volatile import Disk
from tests.system.talker import CONFIGURATION, Lives, Talker
from tests.system.victim import Victim

pytestmark = [
    pytest.mark.root,
    needs_mosquitto,
    pytest.mark.skipif(not os.path.exists("/dev/fuse"), reason="this kernel has no FUSE"),
]

CUTS: Final = int(os.environ.get("GAUGEWAY_TEST_CUTS", "4"))
SEED: Final = int(os.environ.get("GAUGEWAY_TEST_SEED", "1"))


def test_power_cuts_leave_no_trace(tmp_path: Path) -> None:
    """Every start mends itself, the output is that of an undisturbed run, and no alarm is lost."""
    orders = Orders(kills=CUTS, seconds=CUTS * 2, seed=SEED, messages=CUTS * 400, rotate="50kB")
    campaign = PowerCuts(orders, tmp_path)
    verdict = campaign.run()
    assert verdict.well, f"{campaign.report}\n{verdict}"
    assert campaign.died_alone == 0


def test_what_a_device_said_is_lost_from_the_last_sync_on(tmp_path: Path) -> None:
    """With `sync_every: 0` that is what was on the way; the rest is there once, and averages go on over the gaps."""
    with Disk(tmp_path, SEED) as disk, Talker() as talker, Victim(tmp_path, CONFIGURATION, disk.folder) as gateway:
        lives = Lives(talker, gateway, Random(SEED))
        for _ in range(CUTS):
            lives.live((0,))
            lives.end(partial(disk.lose_power, gateway))
        lives.live((0,))
        assert gateway.stop() == 0
        lives.judge()
