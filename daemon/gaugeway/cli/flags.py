"""`gaugeway flags`: the feature flags of a running gateway; switching one takes effect at once."""

import json
from typing import cast

from gaugeway.cli.running.ask import asked
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.service.presence.client import Answer
from gaugeway.service.presence.find import MEANT, UnclearError


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Show the feature flags of a running gateway, or switch one: `flags`, `flags CONFIG`, `flags NAME on`,\n"
        "`flags NAME off CONFIG`. After a reload or restart the configuration decides again.",
        "gaugeway flags smoothing off plant/gaugeway.yaml",
    )
    taken.value("name", "the flag to switch", "", metavar="NAME")
    taken.value("state", "on or off", "", metavar="on|off")
    taken.value("config", MEANT, "", metavar="CONFIG")
    taken.switch("--json", "print JSON")
    return taken


def run(words: Words) -> int:
    """Show them, or switch one."""
    name, state, config = words.text("name"), words.text("state"), words.text("config")
    if state not in ("", "on", "off"):
        words.refuse(f"say whether '{name}' is to be on or off")
    flags = _switched(name, state, config) if state else _shown(words, name)
    if words.on("--json"):
        print(json.dumps(flags, ensure_ascii=False))
    else:
        print("".join(f"{flag:<20} {'on' if on else 'off'}\n" for flag, on in flags.items()), end="")
        if not flags:
            print("the configuration declares no flags")
    return exits.WELL


def _switched(name: str, state: str, config: str) -> dict[str, bool]:
    return _flags(config, {"ask": "switch", "name": name, "on": state == "on"})


def _shown(words: Words, config: str) -> dict[str, bool]:
    """Return the flags of a gateway: a word that stands alone names it, and no flag, which comes with on or off."""
    try:
        return _flags(config, {"ask": "flags"})
    except UnclearError as error:
        if not config:
            raise
        words.refuse(f"{error}; if it is a flag, say whether it is to be on or off")


def _flags(config: str, request: Answer) -> dict[str, bool]:
    return cast("dict[str, bool]", asked(config, request)["flags"])
