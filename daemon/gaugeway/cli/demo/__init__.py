"""`gaugeway demo`: real drivers, a real broker and real alarms, with simulated sensors."""

import logging
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import which
from typing import Final

from gaugeway.cli.demo.broker import broker
from gaugeway.cli.demo.plant import Plant
from gaugeway.cli.demo.simulator import Wire, boiler, cellar
from gaugeway.cli.demo.view import View
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.config import load
from gaugeway.log.way import set_up
from gaugeway.registry import Registry
from gaugeway.service.gateway import Gateway
from gaugeway.service.signals import Wishes, signals

CONFIGURATION: Final = Path(__file__).with_name("demo.yaml")
SECONDS: Final = 60.0
REFRESH: Final = 0.25
ABOUT: Final = "Two serial devices and three MQTT pumps, simulated, read by the real drivers."
UNPLUGGED: Final = (30.0, 34.0)


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Show gaugeway at work: two simulated serial devices on real pseudo-terminals, simulated MQTT sensors on a\n"
        "broker of its own, the real drivers, stages and alarms. It ends by itself and leaves nothing behind.",
        "gaugeway demo --seconds 30",
    )
    taken.number("--seconds", f"how long to run (default {SECONDS:.0f})", SECONDS, metavar="SECONDS")
    taken.switch("--plain", "print plain lines, as it does without a terminal")
    return taken


def run(words: Words) -> int:
    """Start broker, devices and gateway; show them until the time is up."""
    seconds = words.amount("--seconds") or SECONDS
    live = sys.stdout.isatty() and not words.on("--plain")
    with ExitStack() as stack:
        wishes = stack.enter_context(signals())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gaugeway-demo-")))
        name, port = stack.enter_context(broker(folder))
        set_up("error" if live else "warning")
        logging.getLogger("gaugeway_sinks.alarms").setLevel("ERROR")  # they are shown as they come from the broker
        if not live:
            print(f"{ABOUT}\nIt takes {seconds:.0f} s; Ctrl-C ends it.\n", flush=True)
        stack.enter_context(Wire(folder / "boiler", boiler))
        stack.enter_context(Wire(folder / "cellar", cellar, unplugged=UNPLUGGED))
        version = "5" if name == "mosquitto" else "3.1.1"
        settings = {"DEMO": str(folder), "BROKER": f"mqtt://127.0.0.1:{port}", "MQTT": version}
        plan = load(CONFIGURATION, environment=settings)
        gateway = Gateway(plan, Registry.discover())
        view = View(gateway, live=live)
        stack.enter_context(Plant(port, view.alert))
        stack.enter_context(running(gateway))
        show(view, wishes, seconds)
    print(f"\nThat was gaugeway. Next, for a gateway of your own:\n\n  {_command()} scaffold plant")
    return exits.WELL


def _command() -> str:
    """Return how this command can be called again: it may stand in a folder where no shell looks for it."""
    here = sys.argv[0]
    return here if here.endswith("/gaugeway") and which("gaugeway") is None else "gaugeway"


def show(view: View, wishes: Wishes, seconds: float) -> None:
    """Refresh the view until the time is up or somebody has seen enough."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not wishes.stop:
        view.refresh(left)
        wishes.changed.wait(min(REFRESH, left))


@contextmanager
def running(gateway: Gateway) -> Generator[None]:
    """Run the gateway while the block does."""
    gateway.start()
    try:
        yield
    finally:
        gateway.stop()
