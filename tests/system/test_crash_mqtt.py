"""Small campaigns: a gateway behind a broker is killed again and again, and its output shows no trace of it."""

import os
from pathlib import Path
from typing import Final

import pytest
from tests.support.brokers import needs_mosquitto
from tests.system.campaign import Campaign
from tests.system.campaign_plan import Orders

pytestmark = [pytest.mark.broker, needs_mosquitto]

KILLS: Final = int(os.environ.get("GAUGEWAY_TEST_KILLS", "10"))
SEED: Final = int(os.environ.get("GAUGEWAY_TEST_SEED", "1"))


@pytest.mark.parametrize(("qos", "version", "sources"), [(1, "5", 1), (2, "3.1.1", 2)])
def test_kills_leave_no_trace(tmp_path: Path, qos: int, version: str, sources: int) -> None:
    """Killed at any moment, with its broker restarted and its network cut: no byte differs, and no alarm is lost."""
    orders = Orders(
        kills=KILLS,
        seconds=KILLS * 0.8,
        seed=SEED,
        messages=KILLS * 250,
        qos=qos,
        version=version,
        sources=sources,
        cuts=KILLS // 3,
        restarts=1 + KILLS // 20,
    )
    campaign = Campaign(orders, tmp_path)
    verdict = campaign.run()
    assert verdict.well, f"{campaign.report}\n{verdict}"
    assert campaign.died_alone == 0
