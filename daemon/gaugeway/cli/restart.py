"""`gaugeway restart`: stop and start, but not if the configuration is wrong: then it goes on as it is."""

from gaugeway.cli.running.ask import unharmed
from gaugeway.cli.running.unit import told, unit_of
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.cli.start import start
from gaugeway.cli.stop import stop
from gaugeway.service.presence.client import NoAnswerError, Talk
from gaugeway.service.presence.find import MEANT, find
from gaugeway.service.presence.record import Sighting


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Stop a gateway and start it again, for example after an update. If its configuration is wrong, that is shown\n"
        "(exit code 78), and it goes on as it is. One that does not run is started.",
        "gaugeway restart plant/gaugeway.yaml",
    )
    taken.value("config", MEANT, "", metavar="CONFIG")
    return taken


def run(words: Words) -> int:
    """Look at the configuration, stop, start."""
    word = words.text("config")
    meant = find(word)
    if meant.seen is None or not meant.runs:
        return start(meant)
    check(meant.seen)
    unit = unit_of(meant)
    if unit is not None:
        return told("restart", unit)
    code = stop(meant.seen, kill=True)
    return code if code != exits.WELL else start(find(word))


def check(seen: Sighting) -> None:
    """Have the gateway look at its configuration, with its own rights and secrets; raise what is wrong with it."""
    try:
        with unharmed(), Talk(seen) as talk:
            talk.ask({"ask": "check"}, patience=60.0)
    except NoAnswerError:
        return  # one that hangs cannot tell, and a restart is just what it needs
