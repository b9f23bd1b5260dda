"""Power cuts in earnest: `python -m tests.system.disk.powercut --cuts 50 --seed 1`, as root.

As in a campaign of kills, but state and output are on an ext4 file system on a disk with a volatile cache, and with the
process the disk loses its power: of what was not flushed, any sectors may be there. The broker and who publishes are
somewhere else. After each cut the file system is mounted and the gateway started, without anybody's help.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.system.campaign.campaign import Campaign
from tests.system.campaign.judge import Verdict
from tests.system.campaign.plan import Orders
from tests.system.disk.volatile import Disk
from tests.system.victim import Victim


class PowerCuts(Campaign):
    """A campaign in which each kill is a power cut."""

    def __init__(self, orders: Orders, folder: Path) -> None:
        super().__init__(orders, folder)
        self._disk = Disk(folder, orders.seed << 16)

    def run(self) -> Verdict:
        """Run it twice, and compare."""
        with self._disk:
            return super().run()

    def disk(self, folder: Path) -> Path:
        """Return the volatile disk, but for the run that nobody disturbs."""
        return self._disk.folder if folder.name == "wild" else folder

    def end_one_life(self, gateway: Victim) -> None:
        """Cut the power, and bring it back."""
        self.died_alone += not gateway.running
        self._disk.lose_power(gateway)


def main() -> int:
    """Cut the power so many times and say what came of it."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--cuts", type=int, default=50)
    words.add_argument(
        "--seconds", type=float, help="over which messages and cuts are spread (default: 2 for each cut)"
    )
    words.add_argument("--seed", type=int, required=True)
    words.add_argument("--messages", type=int, default=20_000)
    words.add_argument("--sensors", type=int, default=50)
    words.add_argument("--rotate", default="", help="begin a new file whenever one has this size, compress the old one")
    words.add_argument("--folder", type=Path, help="where everything is left to be looked at")
    given = words.parse_args()
    if os.geteuid() != 0:
        print("only root can mount a disk", file=sys.stderr)
        return 2
    orders = Orders(
        kills=given.cuts,
        seconds=given.seconds or 2.0 * given.cuts,
        seed=given.seed,
        messages=given.messages,
        sensors=given.sensors,
        rotate=given.rotate,
    )
    with tempfile.TemporaryDirectory(prefix="gaugeway-powercut-", dir="/dev/shm") as temporary:
        folder: Path = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        campaign = PowerCuts(orders, folder)
        verdict = campaign.run()
    print(f"{campaign.report}; each kill was a power cut, and {campaign.died_alone} starts needed help")
    print(verdict)
    return 0 if verdict.well and not campaign.died_alone else 1


if __name__ == "__main__":
    sys.exit(main())
