"""The command line: one file a command, imported only when it is the one that is asked for.

Each has `words(name) -> Words`, its arguments, help and example, and `run(words) -> int`, which does it and returns the
exit code. What every command goes through does without `typing`: that takes longer to import than a quick one may.
"""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module
from types import ModuleType

from gaugeway.cli.speech import exits
from gaugeway.cli.speech.told import Told
from gaugeway.cli.speech.words import Words
from gaugeway.garbage import for_good

GROUPS = {
    "To begin": {
        "demo": ("demo", "see it at work, with simulated sensors: nothing to plug in"),
        "scaffold": ("scaffold", "make the folder of a new gateway, ready to be edited"),
        "check": ("check", "find every mistake in a configuration, and what it costs"),
        "test": ("test", "run the tests that stand in a configuration"),
        "run": ("run", "run a gateway in the foreground"),
    },
    "In the background": {
        "start": ("start", "start a gateway, and wait until all of it runs"),
        "stop": ("stop", "stop it, and wait until everything is safely on disk"),
        "restart": ("restart", "stop and start it, if its configuration is right"),
        "reload": ("reload", "go over to what its configuration says now, if it is right"),
        "install": ("install", "make it a service that starts with the computer"),
        "uninstall": ("uninstall", "take away what `install` has put in place"),
    },
    "To look at it": {
        "health": ("health", "how it is, what is wrong and what to do about it"),
        "monitor": ("monitor", "its sensors live in the terminal"),
        "inspect": ("inspect", "its pipelines, and the readings at any point of them"),
        "logs": ("logs", "what it has logged; also `show-logs`"),
        "show-logs": ("logs", ""),
    },
    "Alarms": {
        "alarms": ("alarms", "what is active, since when, who has acknowledged it"),
        "ack": ("ack", "acknowledge an alarm"),
        "shelve": ("shelve", "keep an alarm silent for some time"),
        "unshelve": ("unshelve", "let a shelved alarm speak again"),
        "out-of-service": ("out_of_service", "keep an alarm silent until it is put back into service"),
        "deploy-rules": ("deploy_rules", "try new alarm rules, bring them into use, or go back"),
    },
    "More": {
        "plugins": ("plugins", "every source, stage and sink with its options"),
        "flags": ("flags", "its feature flags; switch one while it runs"),
        "schema": ("schema", "the JSON Schema by which editors check a configuration"),
        "upgrade": ("upgrade", "bring a configuration of an older format to the present one"),
    },
}
COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}
ELSEWHERE = {
    "acknowledge": "ack",
    "enable": "install",
    "init": "scaffold",
    "log": "logs",
    "new": "scaffold",
    "rules": "deploy-rules",
    "status": "health",
    "validate": "check",
    "watch": "monitor",
}
"""What other programs call these commands."""
GREETING = """gaugeway turns this computer into a sensor gateway.

  gaugeway demo              see it at work, with simulated sensors
  gaugeway scaffold plant    make a folder with a configuration to edit
  gaugeway check plant/gaugeway.yaml
  gaugeway run plant/gaugeway.yaml

`gaugeway --help` lists all commands, `gaugeway COMMAND --help` explains one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; Ctrl-C ends it without a word, also while it is still imported."""
    try:
        return _answer(arguments)
    except KeyboardInterrupt:
        return exits.INTERRUPTED


def _answer(arguments: Sequence[str] | None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given:
        print(GREETING)
        return exits.WELL
    name = given[0]
    if name == "help" and given[1:2]:
        name, given = given[1], [given[1], "--help"]
    if name in ("-h", "--help", "help"):
        print(_overview())
        return exits.WELL
    if name in ("-V", "--version", "version"):
        from gaugeway.version import version  # noqa: PLC0415  (reads a file)

        print(f"gaugeway {version()}")
        return exits.WELL
    if name not in COMMANDS:
        print(_unknown(name), file=sys.stderr)
        return exits.USAGE
    with for_good() if arguments is None else nullcontext():
        command = import_module(f"gaugeway.cli.{COMMANDS[name][0]}")
    return _run(command, name, given[1:])


def _run(command: ModuleType, name: str, arguments: Sequence[str]) -> int:
    words: Words = command.words(name)
    words.parse(arguments)
    with Told(name) as told:
        told.code = command.run(words)
    return told.code


def _overview() -> str:
    lines = ["Usage: gaugeway COMMAND [ARGUMENT ...]"]
    for title, commands in GROUPS.items():
        lines += ["", f"{title}:"]
        lines += [f"  {name:<14}  {text}" for name, (_, text) in commands.items() if text]
    lines += [
        "",
        "`gaugeway COMMAND --help` explains one, with an example.",
        "Exit codes: 0 well, 1 unwell, 2 wrong usage, 3 not running, 78 configuration.",
    ]
    return "\n".join(lines)


def _unknown(name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  (only to be kind)

    near = [ELSEWHERE[name]] if name in ELSEWHERE else get_close_matches(name, COMMANDS, n=1)
    return f"gaugeway: there is no command '{name}'" + (
        f", did you mean '{near[0]}'?" if near else "; `gaugeway --help` lists them"
    )
