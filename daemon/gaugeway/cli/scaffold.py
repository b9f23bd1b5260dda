"""`gaugeway scaffold`: the folder of a new gateway, with a commented configuration that already runs."""

import os
from pathlib import Path
from shlex import quote
from typing import Final

from gaugeway.cli.samples import sample
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.config.shown.schema import schema_text
from gaugeway.registry import Registry

SOURCES: Final = ("synthetic", "serial", "mqtt", "csv")
USUAL: Final = {"port": "/dev/ttyUSB0", "broker": "mqtt://localhost", "file": "readings.csv"}
PRIVATE: Final = 0o600
SCHEMA: Final = "gaugeway.schema.json"
EDITOR: Final = f"""\
# yaml-language-server: $schema={SCHEMA}
# By this line an editor completes and checks what you type. With more plugins of your own, do this again:
# gaugeway schema --folder plugins > {SCHEMA}

"""


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Make a folder for a new gateway: a commented configuration, a file for secrets, rules, a plugin to start\n"
        "from, and what an editor needs to check it all. It passes `gaugeway check` and runs as it is; then edit it.",
        "gaugeway scaffold plant --source serial --port /dev/serial/by-id/usb-FTDI_FT232R-if00-port0",
    )
    taken.value("folder", "the folder to make", metavar="DIR")
    taken.choice("--source", "what is connected (default: what the others say, else a simulated sensor)", SOURCES)
    taken.value("--port", "the serial port, for --source serial", metavar="PATH")
    taken.value("--broker", "the MQTT broker, of --source mqtt and of the alarms", metavar="ADDRESS")
    taken.value("--file", "the CSV file, for --source csv", metavar="PATH")
    return taken


def run(words: Words) -> int:
    """Write the files; none that is there already is touched."""
    folder = words.path("folder")
    files = contents(words)
    there = [name for name in (*files, SCHEMA) if (folder / name).exists()]
    if there:
        words.refuse(f"{folder / there[0]} is there already: name another folder; nothing was written")
    for name, text in files.items():
        write(folder / name, text, private=name == "secrets.yaml")
    write(folder / SCHEMA, schema_text(Registry.discover([folder / "plugins"])), private=False)
    main = folder / "gaugeway.yaml"
    typed = quote(str(main))
    print(f"Made {folder}. Next:\n\n  gaugeway check {typed}\n  gaugeway run {typed}\n\nThen edit {main}.")
    return exits.WELL


def contents(words: Words) -> dict[str, str]:
    """Return each file's name and text."""
    main = sample("gaugeway.yaml").replace("{source}\n", sample(f"{connected(words)}.yaml"))
    for gap, usual in USUAL.items():
        given = words.maybe(f"--{gap}") or usual
        main = main.replace(f"{{{gap}}}", f"mqtt://{given}" if gap == "broker" and "://" not in given else given)
    return {
        "gaugeway.yaml": EDITOR + main,
        "rules/boiler.yaml": sample("rules.yaml"),
        "secrets.yaml": sample("secrets.yaml"),
        "plugins/fahrenheit.py": sample("fahrenheit.txt"),
        ".gitignore": "state/\nsecrets.yaml\nreadings.jsonl*\n",
    }


def connected(words: Words) -> str:
    """Return which source is meant; a port is one of `serial`, and a file one of `csv`."""
    said = words.maybe("--source")
    for word, source in (("--port", "serial"), ("--file", "csv")):
        if words.maybe(word) is not None:
            if said not in (None, source):
                words.refuse(f"{word} goes with --source {source}, not with {said}")
            said = source
    return said or SOURCES[0]


def write(file: Path, text: str, *, private: bool) -> None:
    """Write one file of the new folder; what holds secrets is for its owner alone from the first moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE if private else 0o644)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
