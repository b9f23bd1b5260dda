"""`gaugeway ack`: somebody has taken notice of an alarm."""

from gaugeway.cli.running.order import give, taking
from gaugeway.cli.speech.words import Words


def words(name: str) -> Words:
    """Return its arguments."""
    taken = taking(
        name,
        "Acknowledge an alarm: say that somebody has taken notice of its present occurrence, or of the one that is\n"
        "named. One that is over is refused.",
        "gaugeway ack boiler_hot --by anna --comment 'pump is being changed'",
    )
    taken.number("--occurrence", "the occurrence that is meant (default: the present one)", metavar="NUMBER")
    return taken


def run(words: Words) -> int:
    """Give the order."""
    occurrence = words.amount("--occurrence")
    return give(words, "ack", None if occurrence is None else {"occurrence": int(occurrence)})
