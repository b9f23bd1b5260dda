"""`gaugeway uninstall`: takes away what `install` put in place, and nothing else."""

import os
from collections.abc import Sequence
from pathlib import Path

from gaugeway.cli.setup.hand import Hand
from gaugeway.cli.setup.layout import Layout
from gaugeway.cli.setup.manifest import Manifest
from gaugeway.cli.setup.parts import SYSTEMD, UNITS, WANTED
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.errors import ConfigError


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Stop the gateway and take away what `gaugeway install` put in place. Its configuration and what it has kept\n"
        "stay, unless you say --purge.",
        "sudo gaugeway uninstall",
    )
    taken.value("name", "only the gateway of this name; the others go on", "", metavar="NAME")
    taken.switch("--purge", "also remove its configuration, secrets and everything that it has kept, and its user")
    taken.switch("--dry-run", "only tell what would be done")
    taken.value("--root", "take it out of the image of a machine in this folder, and run nothing", "/", metavar="DIR")
    return taken


def run(words: Words) -> int:
    """Stop, disable, remove."""
    hand = Hand(words.path("--root").absolute(), dry=words.on("--dry-run"))
    if hand.here and not SYSTEMD.is_dir() and hand.manifest == Manifest():
        print("nothing was installed on this machine, which is not run by systemd")
        return exits.WELL
    if hand.here and not hand.dry and os.geteuid() != 0:
        raise ConfigError("this needs root: sudo gaugeway uninstall")
    name = words.text("name") or None
    layouts = [Layout(name)] if name else [_of_unit(unit) for unit in hand.manifest.units] or [Layout()]
    try:
        for layout in layouts:
            end(hand, layout)
        if not hand.manifest.units:
            take_files(hand, purge=words.on("--purge"))
        if words.on("--purge"):
            purge(hand, layouts, everything=name is None)
    finally:
        hand.remember()
    return exits.WELL


def end(hand: Hand, layout: Layout) -> None:
    """Stop one gateway for good."""
    if layout.unit in hand.manifest.units:
        hand.command("systemctl", "disable", "--quiet", "--now", layout.unit)
        hand.manifest.units.remove(layout.unit)
    hand.take(WANTED / layout.unit)
    left = [unit for unit in hand.manifest.units if _of_unit(unit).unit_file == layout.unit_file]
    if not left:
        hand.take(UNITS / layout.unit_file)
        hand.command("systemctl", "daemon-reload")
        hand.command("systemctl", "reset-failed", layout.unit, needed=False)
    if hand.here:
        hand.clear(layout.runtime)


def take_files(hand: Hand, *, purge: bool) -> None:
    """Take away what all gateways share."""
    for path in [*hand.manifest.files, *hand.manifest.links]:
        hand.take(Path(path))
    hand.command("udevadm", "control", "--reload", needed=False)
    if purge:
        hand.command("userdel", "gaugeway", needed=False)
    hand.take_folders()


def purge(hand: Hand, layouts: Sequence[Layout], *, everything: bool) -> None:
    """Remove what belongs to the operator; `everything` takes in gateways that were taken away before."""
    found = [path for layout in layouts for path in (layout.configuration, layout.state)]
    if everything:
        found += [Layout().configuration, Layout().state]
        found += [Layout().state.with_name(path.name) for path in hand.at(Layout().state.parent).glob("gaugeway-*")]
    for path in dict.fromkeys(found):
        hand.clear(path)
    hand.take_folders()


def _of_unit(unit: str) -> Layout:
    """Return the layout of the gateway that a unit runs."""
    _, _, name = unit.removesuffix(".service").partition("@")
    return Layout(name or None)
