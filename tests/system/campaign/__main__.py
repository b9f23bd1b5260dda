"""Runs one campaign: `python -m tests.system.campaign --kills 200 --seed 1`."""

import argparse
import sys
import tempfile
from pathlib import Path

import msgspec
from tests.system.campaign.campaign import Campaign
from tests.system.campaign.plan import Orders


def ordered() -> tuple[Orders, Path | None]:
    """Return what the command line asks for, and where everything is left."""
    words = argparse.ArgumentParser("python -m tests.system.campaign", description=__doc__)
    add = words.add_argument
    add("--kills", type=int, default=200)
    add("--seconds", type=float, help="over which messages and faults are spread (default: 1.2 for each kill)")
    add("--seed", type=int, required=True)
    add("--messages", type=int, default=100_000)
    add("--sensors", type=int, default=50)
    add("--qos", type=int, choices=(1, 2), default=1)
    add("--version", choices=("5", "3.1.1"), default="5", help="of MQTT")
    add("--sources", type=int, default=1, help="that share one file, each with its own messages")
    add("--rows", type=int, default=0, help="of a recording that is read beside that into the same file")
    add("--cuts", type=int, help="failures of the network (default: one for four kills)")
    add("--restarts", type=int, help="restarts of the broker (default: one for twenty kills)")
    add("--steps", type=int, default=0, help="so many times the clock is set, by means of libfaketime")
    add("--stops", type=int, default=0, help="so many times it is stopped in good order")
    add("--reloads", type=int, default=0, help="so many times it goes over to another configuration while it runs")
    add("--calls", action="store_true", help="kill at system calls, by means of strace")
    add("--edits", action="store_true", help="add, move and remove a stage while the gateway is down")
    add("--rotate", default="", help="begin a new file whenever one has this size, compress the old one")
    add("--journal", default="16MiB", help="how much of each source's input is kept at most")
    add("--sync-every", type=int, nargs="+", default=(0, 50, 500, 2000), help="milliseconds")
    add("--checkpoint-every", type=int, nargs="+", default=(20, 200, 1000), help="milliseconds")
    add("--folder", type=Path, help="where everything is left to be looked at")
    given = vars(words.parse_args())
    for name, default in (
        ("seconds", 1.2 * given["kills"]),
        ("cuts", given["kills"] // 4),
        ("restarts", given["kills"] // 20),
    ):
        given[name] = default if given[name] is None else given[name]
    if given["sensors"] % given["sources"]:
        words.error("--sensors has to be a multiple of --sources: a sensor belongs to one of them")
    wanted: Path | None = given.pop("folder")
    return msgspec.convert(given, Orders), wanted


def main() -> int:
    """Run one campaign and say what came of it."""
    orders, wanted = ordered()
    with tempfile.TemporaryDirectory(prefix="gaugeway-campaign-") as temporary:
        folder = wanted or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        campaign = Campaign(orders, folder)
        verdict = campaign.run()
    print(campaign.report)
    print(verdict)
    return 0 if verdict.well and not campaign.died_alone else 1


if __name__ == "__main__":
    sys.exit(main())
