"""What is refused when the sink is made: names that no topic can hold, rules that can never work."""

import re
from collections.abc import Iterator
from typing import Final

from gaugeway import ConfigError, Problem, Site
from gaugeway_sinks.alert import home_assistant

NAME: Final = re.compile(r"[^\s+#/\x00-\x1f]+")
RULE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")


def check(site: Site, prefix: str, announce: home_assistant.HomeAssistant | None) -> None:
    """Refuse, all at once, what could not be published or could never work."""
    found = [*_names(site, prefix), *_rules(site)]
    if found:
        raise ConfigError([Problem(message) for message in found])
    if announce is not None:
        home_assistant.check(site.sensors.declared)


def _names(site: Site, prefix: str) -> Iterator[str]:
    if not NAME.fullmatch(site.node):
        yield f"the node's name '{site.node}' is part of topics: it has no blank and none of + # /"
    if not all(NAME.fullmatch(level) for level in prefix.split("/")):
        yield f"the prefix '{prefix}' begins topics: it has no blank, no + or #, and no / at its ends"
    for name in site.sensors.names():
        if not NAME.fullmatch(name):
            yield f"the sensor's name '{name}' is part of topics: it has no blank and none of + # /"
    for name in site.rules:
        if not RULE_NAME.fullmatch(name):
            yield f"the rule's name '{name}' is part of topics: it has letters, digits and . _ - only"


def _rules(site: Site) -> Iterator[str]:
    for name, rule in site.rules.items():
        for key, message in rule.problems():
            yield _about(name, key, message)
        for sensor_name, sensor in site.sensors.declared.items():
            if rule.watches(sensor_name, sensor):
                yield from (_about(name, key, message) for key, message in rule.misfits(sensor_name, sensor))


def _about(name: str, key: str, message: str) -> str:
    return f"alert '{name}', {key}: {message}" if key else f"alert '{name}': {message}"
