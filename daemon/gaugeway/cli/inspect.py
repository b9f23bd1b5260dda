"""`gaugeway inspect`: the pipelines as a drawing, and the readings at any point of them, live."""

import sys
import time
from pathlib import Path
from typing import cast

import msgspec

from gaugeway.cli.running.ask import report_of, running
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.picture import Picture, of_plan, of_report
from gaugeway.cli.speech.words import Words
from gaugeway.reading import Reading
from gaugeway.service.health.phrases import amount
from gaugeway.service.presence.client import Answer, Talk
from gaugeway.service.presence.find import MEANT, USUAL, Meant, UnclearError, find


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Draw the pipelines of a gateway, with live figures if it runs. With --tap, show the readings at a point: at\n"
        "`SOURCE` as they come from it, at `SOURCE/STAGE` as they leave the stage. It never slows the gateway down:\n"
        "what comes faster than it can be shown is counted and left out.",
        "gaugeway inspect --tap boiler/average --where 'value>80'",
    )
    taken.value("config", MEANT, "", metavar="CONFIG")
    taken.value("--tap", "show the readings at this point", metavar="SOURCE[/STAGE]")
    taken.value("--sensor", "only those of this sensor; globs such as boiler_* are fine", "*", metavar="NAME")
    taken.value("--where", "only those for which this holds, such as 'value>80' or 'quality!=good'", "", metavar="TEST")
    taken.number("--count", "end after so many readings", metavar="NUMBER")
    taken.switch("--json", "print the readings as JSON lines")
    return taken


def run(words: Words) -> int:
    """Draw, or tap."""
    meant = find(words.text("config"))
    at = words.maybe("--tap")
    if at is None:
        if words.text("--where") or words.text("--sensor") != "*" or words.maybe("--count") is not None:
            words.refuse("say where to look: --tap SOURCE or --tap SOURCE/STAGE")
        print("\n".join(picture(meant).lines()))
        return exits.WELL
    request: Answer = {"ask": "tap", "at": at, "sensor": words.text("--sensor"), "where": words.text("--where")}
    count = words.amount("--count")
    with Talk(running(meant)) as talk:
        show(talk, request, None if count is None else int(count), as_json=words.on("--json"))
    return exits.WELL


def picture(meant: Meant) -> Picture:
    """Return the picture of a gateway: of what runs, else of what its configuration says."""
    if meant.seen is not None and meant.runs:
        with Talk(meant.seen) as talk:
            return of_report(report_of(talk))
    from gaugeway.config import load  # noqa: PLC0415  (slow, and a running gateway needs none of it)

    if meant.config is None:
        raise UnclearError(f"no gateway runs, and there is no {USUAL[0]} here and no {USUAL[1]}")
    return of_plan(load(Path(meant.config)))


def show(talk: Talk, request: Answer, count: int | None, *, as_json: bool) -> None:
    """Print readings until there were enough, the gateway stops or somebody has seen enough."""
    for answer in talk.listen(request):
        if "missed" in answer:
            print(f"... {answer['missed']} left out: they came faster than they could be shown", file=sys.stderr)
        elif "text" in answer:
            print(answer["text"], file=sys.stderr)
        else:
            reading = msgspec.convert(answer, Reading)
            print(msgspec.json.encode(reading).decode() if as_json else line(reading), flush=True)
            if count is not None and (count := count - 1) <= 0:
                return


def line(reading: Reading) -> str:
    """Return a reading as a line for people."""
    stamp = time.strftime("%H:%M:%S", time.localtime(reading.time)) + f".{int(reading.time * 1000) % 1000:03d}"
    results = {"normal": reading.normal, "average": reading.average, **(reading.more or {})}
    shown = "  ".join(f"{name}={amount(value)}" for name, value in results.items() if value is not None)
    quality = "" if reading.quality == "good" else cast("str", reading.quality)
    return f"{stamp}  {reading.sensor:<20} {amount(reading.value):>12} {reading.unit:<6} {quality:<9} {shown}".rstrip()
