"""`gaugeway monitor`: the sensors of a running gateway, live in the terminal."""

import sys
import time
from typing import Final

from gaugeway.cli.monitor.screen import Screen
from gaugeway.cli.monitor.view import View
from gaugeway.cli.running.ask import report_of, running
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.service.health.phrases import amount, moment
from gaugeway.service.health.report import Report
from gaugeway.service.presence.client import NoAnswerError, RefusedError, Talk
from gaugeway.service.presence.find import MEANT, find

QUIT: Final = ("q", "Q", "\x1b")
STEPS: Final = {"j": 1, "k": -1, "\x1b[B": 1, "\x1b[A": -1, "\x1b[6~": 10, "\x1b[5~": -10, " ": 10}


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Watch a running gateway live: each sensor with its value and its course, and what is wrong.\n"
        "q quits, arrow keys scroll. Without a terminal it prints plain lines.",
        "gaugeway monitor plant/gaugeway.yaml --every 0.5",
    )
    taken.value("config", MEANT, "", metavar="CONFIG")
    taken.number("--every", "seconds between two looks (default 1)", 1.0, metavar="SECONDS")
    taken.number("--seconds", "end after so long (default: when q is pressed)", metavar="SECONDS")
    taken.switch("--plain", "print plain lines, as it does without a terminal")
    return taken


def run(words: Words) -> int:
    """Watch it until somebody has seen enough."""
    word, every = words.text("config"), max(0.1, words.amount("--every") or 1.0)
    until = time.monotonic() + (words.amount("--seconds") or float("inf"))
    running(find(word))
    if words.on("--plain") or not (sys.stdout.isatty() and sys.stdin.isatty()):
        print_lines(word, every, until)
    else:
        draw(word, every, until)
    return exits.WELL


def draw(word: str, every: float, until: float) -> None:
    """Draw the view again and again, and do what keys ask for."""
    view = View()
    due = time.monotonic()
    with Screen() as screen:
        while (now := time.monotonic()) < until:
            if now >= due:
                due = now + every
                try:
                    view.take(looked(word))
                except (NoAnswerError, RefusedError) as error:
                    view.lose(str(error))
            screen.show(view.lines(screen.columns, screen.rows))
            key = screen.key(min(due, until) - time.monotonic())
            if key in QUIT:
                return
            view.scroll(STEPS.get(key, 0))


def print_lines(word: str, every: float, until: float) -> None:
    """Print a line for each sensor that has said something new."""
    heard: dict[tuple[str, str], int] = {}
    while time.monotonic() < until:
        for sensor in looked(word).sensors:
            key = (sensor.source, sensor.name)
            if sensor.value is not None and heard.get(key) != sensor.readings:
                heard[key] = sensor.readings
                quality = "stale" if sensor.stale else sensor.quality
                stamp = moment(sensor.time or 0.0)
                print(f"{stamp}  {sensor.name:<20} {amount(sensor.value):>12} {sensor.unit:<6} {quality}", flush=True)
        time.sleep(max(0.0, min(every, until - time.monotonic())))


def looked(word: str) -> Report:
    """Return how the gateway is now; it may have been restarted since the last time."""
    with Talk(running(find(word))) as talk:
        return report_of(talk)
