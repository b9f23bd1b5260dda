"""`gaugeway upgrade`: rewrites a configuration of an older format, with its comments."""

import os

from gaugeway.cli.speech import exits
from gaugeway.cli.speech.chosen import CHOSEN, config_file
from gaugeway.cli.speech.words import Words
from gaugeway.config.upgrade import PRESENT, upgraded


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Bring a configuration to the present format. Its comments stay, and the old text is kept beside it (.old).",
        "gaugeway upgrade plant/gaugeway.yaml",
    )
    taken.value("config", CHOSEN, "", metavar="CONFIG")
    taken.switch("--dry-run", "print the new text instead of writing it")
    return taken


def run(words: Words) -> int:
    """Rewrite it, in one step that a crash cannot halve."""
    file = config_file(words.text("config"))
    before = file.read_text(encoding="utf-8-sig")
    after = upgraded(before)
    if words.on("--dry-run"):
        print(after, end="")
    elif after == before:
        print(f"{file} is of version {PRESENT} already")
    else:
        file.with_name(file.name + ".old").write_text(before, encoding="utf-8")
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_text(after, encoding="utf-8")
        fresh.chmod(file.stat().st_mode & 0o777)
        os.replace(fresh, file)
        print(f"{file} is of version {PRESENT} now; what it was is in {file.name}.old")
    return exits.WELL
