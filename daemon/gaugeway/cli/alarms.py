"""`gaugeway alarms`: what is active, since when, acknowledged by whom; or what happened last."""

import json
import sys
import time
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

from gaugeway.cli.running.ask import running
from gaugeway.cli.running.order import alarms_of
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.service.presence.client import Answer, Talk
from gaugeway.service.presence.find import MEANT, find

MOST: Final = 200
SEVERITIES: Final = ("critical", "warning", "info")
SILENCES: Final = {
    "out_of_service": "out of service",
    "shelved": "shelved",
    "inhibited": "silent because of",
}


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Show the alarms of a running gateway: those that are active, not acknowledged or kept silent, the worst\n"
        "first; with --rule also those that are calm. With --history, show what happened last, before a restart too.",
        "gaugeway alarms --unacked --severity critical",
    )
    taken.value("config", MEANT, "", metavar="CONFIG")
    taken.switch("--active", "only those that are active")
    taken.switch("--unacked", "only those that nobody has acknowledged")
    taken.value("--rule", "only those of this rule; globs such as boiler_* are fine", metavar="GLOB")
    taken.choice("--severity", "only those of this severity", SEVERITIES)
    taken.switch("--history", f"show the latest events, {MOST} at most")
    taken.switch("--json", "print them as JSON, one object a line")
    return taken


def run(words: Words) -> int:
    """Ask for them, and print those that are meant."""
    history = words.on("--history")
    with Talk(running(find(words.text("config")))) as talk:
        everything = alarms_of(talk, MOST if history else 0)
    found = [one for one in everything if _meant(one, words) and (history or _worth_saying(one, words))]
    if words.on("--json"):
        print("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in found), end="")
        return exits.WELL
    found = found if history else sorted(found, key=_rank)
    print("".join(f"{_event(one) if history else _standing(one)}\n" for one in found), end="")
    if not found:
        print(_nothing(words, len(everything)), file=sys.stderr)
    return exits.WELL


def _meant(one: Answer, words: Words) -> bool:
    rule, severity = words.maybe("--rule"), words.maybe("--severity")
    names = (str(one["rule"]), str(one.get("key", one["rule"])))
    if rule is not None and not any(fnmatchcase(name, rule) for name in names):
        return False
    if severity is not None and one["severity"] != severity:
        return False
    return not (words.on("--active") and not one["active"]) and not (words.on("--unacked") and one["acked"])


def _nothing(words: Words, all_there_are: int) -> str:
    if words.on("--history"):
        return "nothing has happened that fits"
    if not all_there_are:
        return "this gateway has no alarms: they stand under `alerts`, and a sink such as `alert` tells of them"
    asked = words.on("--active") or words.on("--unacked") or words.maybe("--rule") or words.maybe("--severity")
    return f"none of {all_there_are} fits" if asked else f"all {all_there_are} are calm: --rule '*' shows them"


def _worth_saying(one: Answer, words: Words) -> bool:
    """Tell whether it is not calm, or was asked for by its name."""
    return bool(one["active"] or not one["acked"] or one["suppressed"] or words.maybe("--rule"))


def _rank(one: Answer) -> tuple[bool, bool, int, str]:
    severity = str(one["severity"])
    place = SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
    return not one["active"], bool(one["acked"]), place, str(one["key"])


def _standing(one: Answer) -> str:
    state = f"active since {_moment(one['raised'])}" if one["active"] else _calm(one)
    facts = [state]
    if one["occurrence"]:
        facts.append(f"occurrence {one['occurrence']}")
    if one["occurrence"] and (one["active"] or not one["acked"] or one["acked_by"]):
        by = one["acked_by"] or "nobody: it was silent"
        facts.append(f"acknowledged by {by}" if one["acked"] else "not acknowledged")
    if one["suppressed"]:
        facts.append(_silence(one))
    if one["unknown"]:
        facts.append("nothing is known at present")
    return f"{one['severity']!s:<9} {one['key']}   {one['message']}\n          {', '.join(facts)}"


def _calm(one: Answer) -> str:
    return f"cleared {_moment(one['cleared'])}" if one["cleared"] else "calm"


def _silence(one: Answer) -> str:
    name = str(one["suppressed"])
    by = one.get("suppressed_by")
    until = f" until {_moment(one['suppressed_until'])}" if one.get("suppressed_until") else ""
    said = f"{SILENCES.get(name, name)}{until}"
    return said if not by else f"{said} {by}" if name == "inhibited" else f"{said}, by {by}"


def _event(one: Answer) -> str:
    return f"{_moment(one['emitted'])}  {one['event']!s:<10} {one['severity']!s:<9} {one['rule']}   {one['message']}"


def _moment(stamp: object) -> str:
    """Return a moment by the clock of this place; of today the time alone."""
    try:
        local = datetime.fromisoformat(str(stamp)).astimezone()
    except ValueError:
        return "an unknown time"
    today = local.timetuple()[:3] == time.localtime()[:3]
    return local.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S")
