"""`gaugeway start`: a gateway in the background, by systemd where it is installed there, else on its own."""

from gaugeway.cli.running.background import begun
from gaugeway.cli.running.unit import told, unit_of
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.service.presence.find import MEANT, USUAL, Meant, UnclearError, find


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Start a gateway in the background: its systemd unit if it is installed, else a process of its own. It waits\n"
        "until everything runs, or says why not. Mistakes in the configuration are shown (exit code 78).",
        "gaugeway start plant/gaugeway.yaml",
    )
    taken.value("config", MEANT, "", metavar="CONFIG")
    return taken


def run(words: Words) -> int:
    """Start it, unless it runs."""
    meant = find(words.text("config"))
    if meant.seen is not None and meant.runs:
        print(f"{meant.seen.record.node} runs already: process {meant.seen.record.pid}")
        return exits.WELL
    return start(meant)


def start(meant: Meant) -> int:
    """Start a gateway that does not run."""
    if meant.config is None:
        raise UnclearError(f"no {USUAL[0]} here and no {USUAL[1]}; `gaugeway scaffold DIR` makes one")
    unit = unit_of(meant)
    if unit is None:
        return begun(meant.config)
    code = told("start", unit)
    if code == exits.WELL:
        print(f"{unit} runs")
    return code
