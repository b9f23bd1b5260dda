"""A few power cuts: the disk loses what it had not flushed, and no acknowledged message is lost with it."""

import os
from pathlib import Path
from typing import Final

import pytest
from tests.support.brokers import needs_mosquitto
from tests.system.campaign_plan import Orders
from tests.system.powercut import PowerCuts

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
