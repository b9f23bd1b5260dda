"""`gaugeway install`: a gateway as a service of this machine, from now on and after every start."""

import os
import sys

from gaugeway.cli.setup.hand import Hand
from gaugeway.cli.setup.layout import Layout
from gaugeway.cli.setup.parts import LINK, SYSTEMD, UNITS, USUAL, WANTED, parts
from gaugeway.cli.setup.reach import executable
from gaugeway.cli.setup.sample import files
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.config import load_report
from gaugeway.errors import ConfigError


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Put a gateway in place as a service: its systemd unit and user, the drivers of serial adapters, a sample of\n"
        "a configuration in /etc/gaugeway, then enable and start it. What is there already is left as it is; doing it\n"
        "again after an update is right. With NAME, one of several gateways: /etc/gaugeway/NAME, gaugeway@NAME.",
        "sudo /opt/gaugeway/bin/gaugeway install",
    )
    taken.value("name", "the name of this gateway, if the machine has several", "", metavar="NAME")
    taken.switch("--no-start", "neither enable nor start it")
    taken.switch("--dry-run", "only tell what would be done")
    taken.value("--root", "install into the image of a machine in this folder, and run nothing", "/", metavar="DIR")
    return taken


def run(words: Words) -> int:
    """Put the files in place, make the user, enable and start."""
    layout = Layout(words.text("name") or None)
    hand = Hand(words.path("--root").absolute(), dry=words.on("--dry-run"))
    command = _fit(hand)
    try:
        put_files(hand, layout, command)
        give_configuration(hand, layout)
        prepare(hand)
        if words.on("--no-start"):
            return exits.WELL
        return begin(hand, layout)
    finally:
        hand.remember()


def put_files(hand: Hand, layout: Layout, command: str) -> None:
    """Put everything in place that is ours, and make the command one that every user finds."""
    for path, text in parts(layout, command):
        hand.put(path, text)
    if command != str(LINK):
        hand.link(LINK, command)


def give_configuration(hand: Hand, layout: Layout) -> None:
    """Give the operator a configuration to begin with, and a folder for secrets that only root can read."""
    if not hand.at(layout.configuration / "gaugeway.yaml").exists():
        for name, text, mode in files(layout):
            hand.give(layout.configuration / name, text, mode)
    hand.folder(layout.configuration / "credentials", 0o700)


def prepare(hand: Hand) -> None:
    """Make the user, and let the machine take notice of its new files."""
    hand.command("systemd-sysusers", "/etc/sysusers.d/gaugeway.conf")
    hand.command("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/gaugeway.conf")
    hand.command("systemctl", "daemon-reload")
    hand.command("systemctl", "restart", "systemd-modules-load.service", needed=False)
    hand.command("udevadm", "control", "--reload", needed=False)
    hand.command("udevadm", "trigger", "--subsystem-match=usb", "--subsystem-match=tty", needed=False)


def begin(hand: Hand, layout: Layout) -> int:
    """Enable the unit, and start it if its configuration is well."""
    if layout.unit not in hand.manifest.units:
        hand.manifest.units.append(layout.unit)
    if not hand.here:
        hand.link(WANTED / layout.unit, str(UNITS / layout.unit_file))
        return exits.WELL
    hand.command("systemctl", "enable", "--quiet", layout.unit)
    file = layout.configuration / "gaugeway.yaml"
    problems = () if hand.dry else load_report(file).problems
    if problems:
        print("\n".join(map(str, problems)), file=sys.stderr)
        print(f"\nEverything is in place. Mend {file}, then: sudo systemctl start {layout.unit}", file=sys.stderr)
        return exits.CONFIGURATION
    hand.command("systemctl", "start", layout.unit)
    if not hand.dry:
        name = f" {layout.name}" if layout.name else ""
        print(f"\n{layout.unit} runs. Edit {file}, then: sudo gaugeway reload{name}\nHow it is: gaugeway health{name}")
    return exits.WELL


def _fit(hand: Hand) -> str:
    """Return the command that the unit shall run; ConfigError where this machine or user is not fit for it."""
    if not hand.here:
        return USUAL
    if not SYSTEMD.is_dir():
        raise ConfigError("this machine is not run by systemd: `gaugeway start CONFIG` runs a gateway without it")
    command = executable()
    if os.geteuid() != 0 and not hand.dry:
        raise ConfigError(f"this needs root: sudo {command} install")
    return command
