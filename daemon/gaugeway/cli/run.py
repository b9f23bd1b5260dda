"""`gaugeway run`: a gateway in the foreground, until its sources end or somebody stops it."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager

from gaugeway.spared import spared, uncompiled

with uncompiled(), spared("ipaddress"):  # it is for addresses in brackets only
    from pathlib import Path

from gaugeway.cli.speech import exits
from gaugeway.cli.speech.chosen import CHOSEN, config_file
from gaugeway.cli.speech.words import Words
from gaugeway.contain import in_words
from gaugeway.errors import GaugewayError
from gaugeway.garbage import for_good
from gaugeway.service.loading import Loading
from gaugeway.service.preloading import preload
from gaugeway.service.presence.announcement import note_fault


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Run a gateway in the foreground. It ends when its sources do, or with Ctrl-C.\n"
        "SIGHUP loads the configuration again.",
        "gaugeway run plant/gaugeway.yaml",
    )
    taken.value("config", CHOSEN, "", metavar="CONFIG")
    taken.switch(
        "--background", "log to a file in the storage folder once it runs, and print nothing; `start` does all of it"
    )
    return taken


def run(words: Words) -> int:
    """Run it."""
    signal.signal(
        signal.SIGHUP, signal.SIG_IGN
    )  # who asks for a reload before there is anything to reload ends nothing
    file = config_file(words.text("config"))
    with fault_noted(file):
        with for_good():
            preload(file)
        with Loading(file) as loading:
            with for_good(), uncompiled(), spared("tokenize"):  # it is for the lines of a traceback only
                from gaugeway.cli.speech.progress import Progress  # noqa: PLC0415  (both while the configuration is read)
                from gaugeway.service.daemon import serve  # noqa: PLC0415

            plan, registry = loading.end()
        well = serve(plan, registry, background=words.on("--background"), around=Progress)
    return exits.WELL if well else exits.UNWELL


@contextmanager
def fault_noted(file: Path) -> Generator[None]:
    """Leave word of the fault that ends the block, so that `gaugeway health` can tell it."""
    try:
        yield
    except (GaugewayError, OSError) as error:
        note_fault(os.path.realpath(file), in_words(error) if isinstance(error, OSError) else str(error))
        raise
