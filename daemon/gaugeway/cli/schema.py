"""`gaugeway schema`: the JSON Schema by which editors complete and check a configuration."""

from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.config.shown.schema import schema_text
from gaugeway.registry import Registry


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Print a JSON Schema of the configuration, with all plugins that are installed. An editor that finds it\n"
        "completes and checks as you type; the first line of each sample, and of what `gaugeway scaffold` makes, says\n"
        "where it is: do this again there for plugins of your own.",
        "gaugeway schema --folder plugins > gaugeway.schema.json",
    )
    taken.value("--folder", "also take in the plugins of this drop-in folder", metavar="DIR")
    return taken


def run(words: Words) -> int:
    """Print it."""
    folder = words.folder("--folder")
    registry = Registry.discover([folder] if folder else [])
    print(schema_text(registry), end="")
    return exits.WELL
