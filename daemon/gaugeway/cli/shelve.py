"""`gaugeway shelve`: an alarm is silent for some time."""

import re
from typing import Final

from gaugeway.cli.running.order import give, taking
from gaugeway.cli.speech.words import Words

DURATION: Final = re.compile(r"(\s*[0-9]+(\.[0-9]+)?\s*(s|min|h|d))+\s*")


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
    if time is None or not DURATION.fullmatch(time):
        words.refuse(f"say for how long, such as --for 30min or --for 8h{f', not {time!r}' if time else ''}")
    return give(words, "shelve", {"for": time})
