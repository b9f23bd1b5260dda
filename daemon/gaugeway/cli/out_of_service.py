"""`gaugeway out-of-service`: an alarm is silent until somebody puts it back."""

from gaugeway.cli.running.order import give, taking
from gaugeway.cli.speech.words import Words


def words(name: str) -> Words:
    """Return its arguments."""
    taken = taking(
        name,
        "Keep an alarm silent until it is put back into service with --off: for a sensor that is being repaired.",
        "gaugeway out-of-service boiler_hot --comment 'sensor is being calibrated'",
    )
    taken.switch("--off", "put it back into service")
    return taken


def run(words: Words) -> int:
    """Give the order."""
    return give(words, "in_service" if words.on("--off") else "out_of_service")
