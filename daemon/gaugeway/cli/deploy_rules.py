"""`gaugeway deploy-rules`: new alarm rules are tried, shown, put in their place, and can be taken back."""

from collections import Counter
from pathlib import Path

from gaugeway.cli.running.ask import PATIENCE
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.errors import ConfigError
from gaugeway.service.presence.client import RefusedError, Talk
from gaugeway.service.presence.find import MEANT, Meant, find
from gaugeway.service.rollout.archive import recorded
from gaugeway.service.rollout.difference import in_words
from gaugeway.service.rollout.hindsight import raised
from gaugeway.service.rollout.rollout import Rollout


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Bring a file of alarm rules into use, in the place of the one of the same name under `alerts: rules/*.yaml`.\n"
        "Shows what it changes, and how often the rules would have fired on the readings that file sinks have kept.\n"
        "A gateway that runs takes it up at once and keeps the state of all other rules.",
        "gaugeway deploy-rules new/boiler.yaml plant/gaugeway.yaml --dry-run",
    )
    taken.value("file", "the file of rules", metavar="FILE")
    taken.value("config", MEANT, "", metavar="CONFIG")
    taken.value("--by", "who does it, for the audit log (default: the user who runs this)", "", metavar="NAME")
    taken.switch("--dry-run", "only show what it would change")
    taken.switch("--rollback", "go back to what stood in the file of this name before")
    taken.number("--days", "try the rules on so many of the latest days", 7, metavar="DAYS")
    taken.number("--readings", "try the rules on so many of the latest readings at most", 200_000, metavar="NUMBER")
    return taken


def run(words: Words) -> int:
    """Try it, show it, do it."""
    file, meant = words.path("file"), find(words.text("config"))
    try:
        rollout = Rollout(_config(meant), file, None if words.on("--rollback") else _content(file))
        if rollout.before == rollout.after:
            print(f"{rollout.target} says that already: nothing to do")
            return exits.WELL
        _show(rollout, words.amount("--days") or 0, int(words.amount("--readings") or 0))
        if words.on("--dry-run"):
            print("nothing was changed: without --dry-run they come into use")
            return exits.WELL
        print(f"{rollout.target}: {rollout.apply(lambda: _taken_up(meant), words.text('--by'))}")
    except OSError as error:
        raise RefusedError(f"{error.filename}: {error.strerror or error}", exits.UNWELL) from error
    return exits.WELL


def _config(meant: Meant) -> Path:
    if meant.config is None:
        raise ConfigError("say which gateway the rules are for: gaugeway deploy-rules FILE CONFIG")
    return Path(meant.config)


def _content(file: Path) -> bytes:
    content = file.read_bytes()
    if not content.strip():
        raise ConfigError(f"{file} is empty: a file of rules is a mapping of names to rules")
    return content


def _show(rollout: Rollout, days: float, most: int) -> None:
    old, new, found = rollout.old, rollout.new, rollout.difference
    print("\n".join(in_words(found, old.rules if old else {}, new.rules)) or "no rule is another")
    readings = recorded(new, days, most) if most > 0 else []
    if not readings:
        print("no file sink has recorded any readings: what the rules would have done is not known")
        return
    now, then = raised(old, readings) if old else Counter[str](), raised(new, readings)
    others = [name for name in new.rules if name not in found.names and now[name] != then[name]]
    print(f"on the latest {len(readings)} recorded readings they would have raised an alarm so often:")
    for name in [*found.names, *others]:
        print(f"  {name:<24} {now[name]:>6} before {then[name]:>6} from now on")


def _taken_up(meant: Meant) -> str:
    """Have the gateway go over to the new rules if it runs, and say what came of it."""
    if meant.seen is None or not meant.seen.alive:
        return "in its place; the gateway does not run and will take it up when it starts"
    with Talk(meant.seen) as talk:
        talk.ask({"ask": "reload"}, patience=PATIENCE)
    return "in its place, and the gateway goes by it"
