"""`gaugeway run`: a gateway in the foreground, until its sources end or somebody stops it."""

import os
import sys
from pathlib import Path
from typing import Final

from gaugeway import log as logs
from gaugeway.cli import exits
from gaugeway.cli.progress import Progress
from gaugeway.cli.words import Words
from gaugeway.config import load
from gaugeway.errors import ConfigError
from gaugeway.registry import Registry
from gaugeway.service.gateway import Gateway
from gaugeway.service.signals import Wishes, signals

log = logs.logger(__name__)

LOOK_AGAIN: Final = 0.5
USUAL: Final = ("gaugeway.yaml", "/etc/gaugeway/gaugeway.yaml")


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Run a gateway in the foreground. It ends when its sources do, or with Ctrl-C.\n"
        "SIGHUP loads the configuration again.",
        "gaugeway run configs/demo.yaml",
    )
    taken.value("config", f"the configuration file (default: {USUAL[0]} here, else {USUAL[1]})", " ", metavar="CONFIG")
    return taken


def run(words: Words) -> int:
    """Load, build, start, wait, stop."""
    file = config_file(words.text("config").strip())
    plan = load(file)
    logs.set_up(plan.log_level, logs.form(plan.log_format))
    with signals() as wishes:
        gateway = Gateway(plan, Registry.discover(plan.plugin_folders))
        gateway.start()
        with Progress(gateway):
            wait(gateway, wishes, file)
        well = gateway.stop()
    return exits.WELL if well and not gateway.failed else exits.UNWELL


def wait(gateway: Gateway, wishes: Wishes, file: Path) -> None:
    """Return when every source has ended or a stop was asked for; reload whenever that is asked for."""
    while gateway.alive and not wishes.stop:
        wishes.changed.wait(LOOK_AGAIN)
        wishes.changed.clear()
        if wishes.reload:
            wishes.reload = False
            reload(gateway, file)


def reload(gateway: Gateway, file: Path) -> None:
    """Go over to what the file says now; a mistake in it is logged and changes nothing."""
    try:
        plan = load(file)
        gateway.reload(plan, Registry.discover(plan.plugin_folders))
    except ConfigError as error:
        log.warning("the new configuration is wrong, the old one goes on", problems=str(error))


def config_file(given: str) -> Path:
    """Return the file that is meant."""
    if given:
        return Path(given)
    for usual in USUAL:
        if os.path.exists(usual):
            return Path(usual)
    print(f"gaugeway: no {USUAL[0]} here and no {USUAL[1]}; `gaugeway scaffold DIR` makes one", file=sys.stderr)
    raise SystemExit(exits.USAGE)
