"""Which gateway is meant, and whether it runs. Read by quick commands: imports next to nothing."""

import os

from gaugeway.service.presence.record import Sighting, sightings, sightings_of

FILE = "gaugeway.yaml"
INSTALLED = "/etc/gaugeway"
USUAL = (FILE, f"{INSTALLED}/{FILE}")
MEANT = (
    "the configuration, its folder or the name of the gateway "
    f"(default: {USUAL[0]} here, else {USUAL[1]}, else the only gateway that runs)"
)


class Meant:
    """A gateway: its configuration as far as that is known, and what was seen of it."""

    def __init__(self, config: str | None, seen: Sighting | None) -> None:
        self.config = config
        self.seen = seen

    @property
    def runs(self) -> bool:
        """Whether it lives."""
        return self.seen is not None and self.seen.alive

    @property
    def died(self) -> bool:
        """Whether it is gone without having said goodbye."""
        return self.seen is not None and not self.seen.alive and self.seen.record.ended is None


class UnclearError(Exception):
    """It is not clear which gateway is meant."""


def config_of(word: str) -> str | None:
    """Return the path of the configuration that a word means; None where it can be no path, or no file is there."""
    if not word:
        return next((usual for usual in USUAL if os.path.isfile(usual)), None)
    if os.path.isfile(word) or "/" in word or word.endswith((".yaml", ".yml")):
        return os.path.join(word, FILE) if os.path.isdir(word) else word
    for folder in (word, os.path.join(INSTALLED, word)):
        if os.path.isfile(os.path.join(folder, FILE)):
            return os.path.join(folder, FILE)
    return None


def find(word: str) -> Meant:
    """Return the gateway that a word means: a path, a name, or none for the usual one or the only one that runs.

    Where none runs, what is known of the last one that did is told, and it is not meant: `start` does not wake it up.
    """
    config = config_of(word)
    if config is not None:
        return Meant(config, next(iter(sightings_of(os.path.realpath(config))), None))
    everybody = sightings()
    if word:
        return _named(word, everybody)
    living = [seen for seen in everybody if seen.alive]
    if len(living) > 1:
        raise UnclearError(f"several gateways run, name one: {', '.join(seen.record.config for seen in living)}")
    seen = next(iter(everybody), None)
    return Meant(seen.record.config if seen and seen.alive else None, seen)


def _named(word: str, everybody: list[Sighting]) -> Meant:
    for seen in everybody:
        if word in (seen.record.node, seen.record.unit, seen.record.unit.removesuffix(".service").partition("@")[2]):
            return Meant(seen.record.config, seen)
    raise UnclearError(
        f"there is no file, folder or gateway called '{word}'; {INSTALLED}/{word}/{FILE} would be the one of that name"
    )
