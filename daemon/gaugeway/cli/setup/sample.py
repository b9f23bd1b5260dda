"""The configuration that a freshly installed gateway begins with: the scaffold's, at home in Debian's folders."""

from collections.abc import Iterator
from typing import Final

from gaugeway.cli.samples import sample
from gaugeway.cli.setup.layout import Layout

BROKER: Final = "mqtt://localhost"
SCREEN: Final = "  screen:  {type: console}\n"
STORAGE: Final = "# storage: "
LASTING: Final = """\
# What outlasts a restart is kept here. A power cut loses at most `sync_every` of what cannot be sent again.
storage: {{dir: {state}/state, sync_every: 5s}}
"""
ARCHIVE: Final = "    path: readings.jsonl"
ADVICE: Final = "  # Once there is a broker (sudo apt install mosquitto), without the # in front:\n"
PHONE: Final = ("  phone:", "alerts:")


def files(layout: Layout) -> Iterator[tuple[str, str, int]]:
    """Yield name, text and mode of each file in the folder of the configuration."""
    yield "gaugeway.yaml", configuration(layout), 0o644
    yield "rules/boiler.yaml", sample("rules.yaml"), 0o644
    yield "plugins/fahrenheit.py", sample("fahrenheit.txt"), 0o644
    yield "secrets.yaml", sample("secrets.yaml"), 0o600


def configuration(layout: Layout) -> str:
    """Return a configuration that is well at once: a simulated sensor, no broker, and nothing written beside it."""
    text = sample("gaugeway.yaml").replace("{source}\n", sample("synthetic.yaml")).replace("{broker}", BROKER)
    begin, end = map(text.index, PHONE)
    phone = "".join(f"  # {line[2:]}\n" for line in text[begin:end].splitlines() if line.strip())
    text = f"{text[:begin]}{ADVICE}{phone}\n{text[end:]}"
    text = text.replace(SCREEN, "")  # its lines would fill the journal of systemd
    text = text.replace(ARCHIVE, f"    path: {layout.state}/readings.jsonl")
    lasting = LASTING.format(state=layout.state)
    return "".join(lasting if line.startswith(STORAGE) else line for line in text.splitlines(keepends=True))
