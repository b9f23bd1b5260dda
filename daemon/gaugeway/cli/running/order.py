"""Orders for alarms: what `ack`, `shelve`, `unshelve` and `out-of-service` have in common."""

from collections.abc import Sequence
from typing import Final, cast

from gaugeway.cli.running.ask import running
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.service.presence.client import Answer, NoAnswerError, RefusedError, Talk
from gaugeway.service.presence.find import MEANT, find

PATIENCE: Final = 11.0
"""A gateway carries an order out within ten seconds or not at all."""


def taking(name: str, about: str, example: str) -> Words:
    """Return the arguments that all orders have."""
    taken = Words(
        name,
        f"{about}\nRULE is the name of a rule, or RULE@SENSOR where a rule watches several sensors.\n"
        "Exit codes: 0 done, 1 refused, 2 there is no such alarm, 3 not running.",
        example,
    )
    taken.value("rule", "the alarm, as `gaugeway alarms` calls it", metavar="RULE")
    taken.value("config", MEANT, "", metavar="CONFIG")
    taken.value("--by", "who says so (default: the user who runs this)", "", metavar="NAME")
    taken.value("--comment", "why, for the log and for who listens over MQTT", "", metavar="TEXT")
    return taken


def give(words: Words, cmd: str, more: Answer | None = None) -> int:
    """Give an order to every sink that has the alarm, and print what came of it."""
    rule = words.text("rule")
    with Talk(running(find(words.text("config")))) as talk:
        for alarm in _meant(rule, alarms_of(talk)):
            order = {"ask": "order", "sink": alarm["sink"], "alert": alarm["key"], "cmd": cmd, **(more or {})}
            order |= {"by": words.text("--by"), "comment": words.text("--comment")}
            if cmd == "ack":
                order.setdefault("occurrence", alarm["occurrence"])
            print(_done(talk, order))
    return exits.WELL


def alarms_of(talk: Talk, history: int = 0) -> list[Answer]:
    """Return how the alarms of a gateway stand, or the events that came last."""
    found = talk.ask({"ask": "alarms", "history": history})["found"]
    return cast("list[Answer]", found)


def _done(talk: Talk, order: Answer) -> object:
    try:
        return talk.ask(order, patience=PATIENCE)["text"]
    except NoAnswerError as error:
        raise NoAnswerError(f"{error}, and the order is not carried out: no source works at present") from None


def _meant(rule: str, alarms: Sequence[Answer]) -> list[Answer]:
    """Return the alarm that is meant, once for each sink that has it."""
    if not alarms:
        raise RefusedError("this gateway has no alarms: they stand under `alerts`, and a sink `alert` tells of them", 2)
    found = [alarm for alarm in alarms if alarm["key"] == rule] or [each for each in alarms if each["rule"] == rule]
    keys = list(dict.fromkeys(str(alarm["key"]) for alarm in found))
    if len(keys) > 1:
        raise RefusedError(f"'{rule}' watches several sensors, name one: {', '.join(keys)}", exits.USAGE)
    return found or [{"sink": alarms[0]["sink"], "key": rule, "occurrence": 0}]
