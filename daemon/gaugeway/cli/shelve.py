"""`gaugeway shelve`: an alarm is silent for some time."""

from gaugeway.cli.running.order import give, taking
from gaugeway.cli.speech.words import Words


def words(name: str) -> Words:
    """Return its arguments."""
    taken = taking(
        name,
        "Keep an alarm silent for some time, 30 days at most. It goes on watching, and speaks when the time is over.",
        "gaugeway shelve boiler_hot --for 2h",
    )
    taken.value("--for", "for how long, such as 30min or 8h", metavar="TIME")
    return taken


def run(words: Words) -> int:
    """Give the order."""
    time = words.maybe("--for")
    if time is None:
        words.refuse("say for how long: --for 2h")
    return give(words, "shelve", {"for": time})
