"""`gaugeway health`: how a gateway is, in a moment, also when it hangs or is dead. Imports next to nothing."""

import json
import os
import sys
import time

from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words, columns
from gaugeway.service.presence.client import Answer, NoAnswerError, Talk
from gaugeway.service.presence.find import MEANT, Meant, find
from gaugeway.service.presence.record import Sighting

SCHEMA = "gaugeway.health/1"
MOST_COLUMNS = 1000


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Show how a gateway is: each source, sensor, stage and sink, and first of all what is wrong and what to do.\n"
        "Exit codes: 0 well, 1 unwell or not answering, 3 not running.",
        "gaugeway health plant/gaugeway.yaml",
    )
    taken.value("config", MEANT, "", metavar="CONFIG")
    taken.switch("--json", "print JSON")
    taken.switch("--schema", "print the JSON Schema of what --json prints")
    return taken


def run(words: Words) -> int:
    """Ask it, and print what it says."""
    if words.on("--schema"):
        return _print_schema()
    meant = find(words.text("config"))
    if meant.seen is None or not meant.runs:
        return _absent("not running", _obituary(meant), meant, as_json=words.on("--json"))
    try:
        with Talk(meant.seen) as talk:
            return _show(talk, as_json=words.on("--json"))
    except NoAnswerError as error:
        return _absent("not answering", _silence(meant, meant.seen, error), meant, as_json=words.on("--json"))


def _show(talk: Talk, *, as_json: bool) -> int:
    if as_json:
        report = talk.ask({"ask": "health"})
        print(json.dumps(report, indent=2, ensure_ascii=False))
        return exits.WELL if report["state"] == "well" else exits.UNWELL
    terminal = sys.stdout.isatty()
    answer = talk.ask({"ask": "health", "text": True, "color": terminal, "width": columns(widest=MOST_COLUMNS)})
    print(answer["text"])
    return exits.UNWELL if answer.get("code") else exits.WELL


def _absent(state: str, sentence: str, meant: Meant, *, as_json: bool) -> int:
    seen = meant.seen
    if as_json:
        fields: Answer = {"schema": SCHEMA, "state": state, "summary": sentence.partition("\n")[0]}
        fields["since"] = _since(seen)
        fields["pid"] = seen.record.pid if seen else None
        fields["config"] = (seen.record.config if seen else meant.config) or ""
        fields["words"] = seen.record.words if seen else ""
        fields["fault"] = seen.record.fault if seen else ""
        print(json.dumps(fields, indent=2, ensure_ascii=False))
    else:
        print(sentence)
    return exits.NOT_RUNNING if state == "not running" else exits.UNWELL


def _since(seen: Sighting | None) -> float | None:
    if seen is None:
        return None
    return seen.record.ended or seen.beat


def _silence(meant: Meant, seen: Sighting, error: NoAnswerError) -> str:
    record = seen.record
    lines = [f"{record.node} is not answering since {_moment(seen.beat)}: process {record.pid} is there, {error}"]
    if record.words:
        lines.append(f"its last words: {record.words}")
    lines.append(f"`gaugeway restart {meant.config}` ends it and starts it again; what is on disk is safe")
    return "\n".join(lines)


def _obituary(meant: Meant) -> str:
    """Say what is known of a gateway that does not run."""
    seen = meant.seen
    config = meant.config or (seen.record.config if seen else "")
    start = f"`gaugeway start {config}`"
    if seen is None:
        if meant.config is None:
            return "no gateway is running, nor was one since this computer started\n`gaugeway scaffold DIR` makes one"
        return f"{meant.config} is not running, and was not since this computer started\n{start} starts it"
    record = seen.record
    if record.fault:
        lines = [f"{record.node} is not running: it came to an end at {_moment(seen.beat)}, because"]
        lines += ["", *(f"  {line}" for line in record.fault.splitlines()), ""]
        return "\n".join([*lines, f"{start} tries again, once that is mended"])
    if record.ended is not None:
        lines = [f"{record.node} is not running: it stopped at {_moment(record.ended)}"]
    else:
        lines = [f"{record.node} is not running: it died, its last sign of life came at {_moment(seen.beat)}"]
        lines.append("nothing that was on disk is lost")
    if record.words:
        lines.insert(1, f"its last words: {record.words}")
    lines.append(f"{start} starts it, and it goes on where it was")
    if record.unit or os.path.exists(record.log):
        lines.append(f"`gaugeway logs {config}` shows what it logged last")
    return "\n".join(lines)


def _moment(at: float) -> str:
    local = time.localtime(at)
    today = local[:3] == time.localtime()[:3]
    ago = max(0.0, time.time() - at)
    stamp = time.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S", local)
    return f"{stamp} ({ago:.0f} s ago)" if ago < 600 else stamp


def _print_schema() -> int:
    from gaugeway.service.health.report import schema  # noqa: PLC0415  (slow, and asked for by nobody in a hurry)

    print(json.dumps(schema(), indent=2, ensure_ascii=False))
    return exits.WELL
