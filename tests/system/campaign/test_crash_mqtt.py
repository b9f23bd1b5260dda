"""Small campaigns: a gateway behind a broker is killed again and again, and its output shows no trace of it."""

import os
from pathlib import Path
from typing import Final

import msgspec
import pytest
from tests.support.brokers import needs_mosquitto
from tests.system.campaign.campaign import Campaign
from tests.system.campaign.clock import LIBRARIES
from tests.system.campaign.plan import Orders

pytestmark = [pytest.mark.broker, needs_mosquitto]

KILLS: Final = int(os.environ.get("GAUGEWAY_TEST_KILLS", "6"))
SEED: Final = int(os.environ.get("GAUGEWAY_TEST_SEED", "1"))
ORDERS: Final = Orders(
    kills=KILLS,
    seconds=KILLS * 0.8,
    seed=SEED,
    messages=KILLS * 250,
    cuts=KILLS // 3,
    restarts=1 + KILLS // 20,
)
CASES: Final[dict[str, dict[str, object]]] = {
    "files are rotated and the clock is set": {"rotate": "50kB", "steps": 3 if LIBRARIES else 0},
    "stages are edited beside a recording, QoS 2": {
        "qos": 2, "version": "3.1.1", "sources": 2, "rows": KILLS * 20_000, "edits": True, "reloads": 3, "stops": 3,
    },
    "a small journal, checkpoints always or never": {"journal": "1MiB", "checkpoint_every": (1, 3_600_000)},
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_kills_leave_no_trace(tmp_path: Path, case: str) -> None:
    """Killed at any moment, with its broker restarted and its network cut: no byte differs, and no alarm is lost."""
    campaign = Campaign(msgspec.structs.replace(ORDERS, **CASES[case]), tmp_path)
    verdict = campaign.run()
    assert verdict.well, f"{campaign.report}\n{verdict}"
    assert campaign.died_alone == 0
