"""`gaugeway reload`: a running gateway goes over to what its configuration says now, if that is right."""

from gaugeway.cli.running.ask import PATIENCE, asked, unharmed
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.service.presence.find import MEANT


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Have a running gateway go over to what its configuration file says now. Only what has changed is restarted,\n"
        "and averages and alarms go on. Mistakes are shown (exit code 78), and then it goes on as before.",
        "gaugeway reload plant/gaugeway.yaml",
    )
    taken.value("config", MEANT, "", metavar="CONFIG")
    return taken


def run(words: Words) -> int:
    """Ask for it, and wait until it is done."""
    with unharmed():
        answer = asked(words.text("config"), {"ask": "reload"}, patience=PATIENCE)
    print(answer["text"])
    return exits.WELL
