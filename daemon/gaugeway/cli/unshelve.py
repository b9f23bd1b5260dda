"""`gaugeway unshelve`: a shelved alarm may speak again."""

from gaugeway.cli.running.order import give, taking
from gaugeway.cli.speech.words import Words


def words(name: str) -> Words:
    """Return its arguments."""
    return taking(name, "Let an alarm that is shelved speak again.", "gaugeway unshelve boiler_hot")


def run(words: Words) -> int:
    """Give the order."""
    return give(words, "unshelve")
