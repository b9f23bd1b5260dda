"""`gaugeway flags`: the feature flags of a running gateway; switching one takes effect at once."""

from typing import cast

from gaugeway.cli.running.ask import asked
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.service.presence.client import Answer
from gaugeway.service.presence.find import MEANT


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Show the feature flags of a running gateway, or switch one. After a reload or restart the configuration\n"
        "decides again.",
        "gaugeway flags smoothing off",
    )
    taken.value("name", "the flag to switch", "", metavar="NAME")
    taken.value("state", "on or off", "", metavar="on|off")
    taken.value("--config", MEANT, "", metavar="CONFIG")
    return taken


def run(words: Words) -> int:
    """Show them, or switch one."""
    name, state = words.text("name"), words.text("state")
    if name and state not in ("on", "off"):
        words.refuse(f"say whether '{name}' is to be on or off")
    request: Answer = {"ask": "switch", "name": name, "on": state == "on"} if name else {"ask": "flags"}
    answer = asked(words.text("--config"), request)
    flags = cast("dict[str, bool]", answer["flags"])
    for flag, on in flags.items():
        print(f"{flag:<20} {'on' if on else 'off'}")
    if not flags:
        print("the configuration declares no flags")
    return exits.WELL
