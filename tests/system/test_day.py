"""A few hours of life in seconds, with all that happens in them; GAUGEWAY_TEST_DAY=900 asks for a whole day."""

import os
from pathlib import Path
from typing import Final

from tests.support.brokers import needs_mosquitto
from tests.system.day import GROWTH, HOUR, Day, Orders

SECONDS: Final = float(os.environ.get("GAUGEWAY_TEST_DAY", "8"))
WHOLE: Final = 600.0
"""In less than that there is no day in which what is needed once can be told from what grows."""
NEEDED_ONCE: Final = 10_000_000


@needs_mosquitto
def test_nothing_grows_and_nothing_is_lost_in_a_day(tmp_path: Path) -> None:
    """Neither memory nor threads nor files grow, nothing restarts, every message is archived once, and all is well."""
    whole = SECONDS >= WHOLE
    orders = Orders(
        hours=24.0 if whole else 3.0,
        seconds=SECONDS,
        set_clock_every=4 * HOUR if whole else HOUR,
        look_every=HOUR / 6,
        growth=GROWTH if whole else NEEDED_ONCE,
    )
    day = Day(orders, tmp_path)
    wrong = day.run()
    assert not wrong, "\n".join([day.report, *wrong])
