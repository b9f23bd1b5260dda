"""Topic filters: which are allowed, and which topics they take in."""

from typing import Final

from gaugeway.errors import ConfigError
from gaugeway.mqtt.text import fits

SHARED: Final = "$share"


def topic_filter(text: str) -> str:
    """Return a topic filter as it is; ConfigError where no broker would take it."""
    if not text or not fits(text):
        raise ConfigError("a topic has to have at least one character, at most 65535, and no NUL")
    levels = levels_of(text)
    if not levels:
        raise ConfigError(f"the shared topic '{text}' has to be written $share/GROUP/TOPIC")
    for level in levels:
        if level not in ("+", "#") and ("+" in level or "#" in level):
            raise ConfigError(
                f"in the topic '{text}', '+' and '#' have to stand alone between slashes, not in '{level}'"
            )
    if "#" in levels[:-1]:
        raise ConfigError(f"in the topic '{text}', '#' has to come last")
    return text


def levels_of(text: str) -> list[str]:
    """Return the levels that a topic is compared with: of a shared filter, what follows its group."""
    levels = text.split("/")
    return levels[2:] if levels[0] == SHARED else levels


def filter_matches(wanted: str, topic: str) -> bool:
    """Tell whether a topic is taken in by a filter; wildcards at the start leave out topics that begin with `$`."""
    filters, levels = levels_of(wanted), topic.split("/")
    if topic.startswith("$") and filters[0] in ("+", "#"):
        return False
    for at, level in enumerate(filters):
        if level == "#":
            return True
        if at >= len(levels) or level not in ("+", levels[at]):
            return False
    return len(filters) == len(levels)
