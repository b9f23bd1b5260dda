"""`gaugeway stop`: a gateway ends, and that is over when everything is safely on disk."""

import sys

from gaugeway.cli.running.background import ended
from gaugeway.cli.running.unit import told, unit_of
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.service.presence.find import MEANT, find
from gaugeway.service.presence.record import Sighting


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Stop a gateway, and wait until everything is safely on disk. One that does not run is left alone.",
        "gaugeway stop plant/gaugeway.yaml",
    )
    taken.value("config", MEANT, "", metavar="CONFIG")
    taken.switch("--kill", "end it by force if it hangs; what is on disk is safe")
    return taken


def run(words: Words) -> int:
    """Stop it, if it runs."""
    meant = find(words.text("config"))
    if meant.seen is None or not meant.runs:
        print(f"{f'{meant.config} is not' if meant.config else 'no gateway is'} running: there is nothing to stop")
        return exits.WELL
    unit = unit_of(meant)
    return told("stop", unit) if unit is not None else stop(meant.seen, kill=words.on("--kill"))


def stop(seen: Sighting, *, kill: bool = False) -> int:
    """Stop a gateway that runs by itself."""
    node, pid = seen.record.node, seen.record.pid
    if not ended(seen, kill=kill):
        print(f"gaugeway stop: process {pid} still runs; `gaugeway stop --kill` ends it by force", file=sys.stderr)
        return exits.UNWELL
    if find(seen.record.config).died:
        print(f"{node} has ended, but not in good order: what is in its journals is worked through at the next start")
        return exits.WELL if kill else exits.UNWELL
    print(f"{node} is stopped, everything is on disk")
    return exits.WELL
