"""What a campaign is to do, and the configuration of the gateway that it is done to."""

from pathlib import Path
from random import Random
from typing import Final

import msgspec

SOURCE: Final = """\
  line{line}:
    type: mqtt
    broker: mqtt://127.0.0.1:{port}
    version: "{version}"
    topic: plant/{line}/+
    qos: {qos}
    format: {{type: json, sensor: sensor, value: value, time: ts}}
    sensors: {{"*": {{kind: flow, unit: L/min, range: [0, 60]}}}}
    retry: {{first: 50ms, most: 200ms}}
"""
HISTORY: Final = """\
  history:
    type: csv
    path: history.csv
    format: {sensor: sensor, value: value, time: time}
    sensors: {"*": {kind: flow, unit: L/min, range: [0, 60]}}
"""
PLANT: Final = """\
node: plant1
storage:
  dir: <disk>/state
  journal_size: {journal}
  sync_every: <sync_every>ms
  checkpoint_every: <checkpoint_every>ms
sources:
{sources}
stages: [<stages>]
sinks:
  archive: {{type: file, path: <disk>/out.jsonl{rotate}}}
  phone:
    type: alert
    broker: mqtt://127.0.0.1:{port}
    flood: 1000000
    stale_after: 1d
    retry: {{first: 50ms, most: 200ms}}
alerts:
  high: {{sensors: ["s*"], above: 48 L/min, clear_below: 46 L/min}}
  drift: {{sensors: ["s*"], of: average, below: 15 L/min, clear_above: 16 L/min, severity: critical}}
"""
STAGES: Final = ("in_range, normalise, {average: {last: 10}}",)
EDITED: Final = (*STAGES, "in_range, {average: {last: 10}}, normalise", "in_range, {average: {last: 10}}")
"""What the stages may be after an edit: the results of `normalise` come and go, all else has to stay as it is."""


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done. Intervals are in milliseconds; each life of the gateway gets one of them by chance."""

    kills: int
    seconds: float
    seed: int
    messages: int = 100_000
    sensors: int = 50
    qos: int = 1
    version: str = "5"
    sources: int = 1
    cuts: int = 0
    restarts: int = 0
    steps: int = 0
    stops: int = 0
    reloads: int = 0
    rows: int = 0
    calls: bool = False
    edits: bool = False
    rotate: str = ""
    journal: str = "16MiB"
    sync_every: tuple[int, ...] = (0, 50, 500, 2000)
    checkpoint_every: tuple[int, ...] = (20, 200, 1000)

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that a life may have."""
        return EDITED if self.edits else STAGES

    def __str__(self) -> str:
        sources = [f"{self.sources} source{'s' if self.sources > 1 else ''}"]
        sources += [f"{self.rows} rows of a recording"] * bool(self.rows)
        turned = [f"a file that is rotated at {self.rotate}"] * bool(self.rotate)
        edited = ["stages that are edited between two lives and at a reload"] * self.edits
        return (
            f"seed {self.seed}, {self.messages} messages at QoS {self.qos} over MQTT {self.version} from "
            f"{self.sensors} sensors to {' and '.join(sources)}; journal of {self.journal}, checkpoints every "
            f"{' or '.join(map(str, self.checkpoint_every))} ms" + "".join(f", {one}" for one in (*turned, *edited))
        )


def configuration(orders: Orders, port: int) -> str:
    """Return a template in which only what changes from life to life is left to be filled in."""
    sources = "".join(
        SOURCE.format(line=number, port=port, version=orders.version, qos=orders.qos)
        for number in range(orders.sources)
    )
    rotate = f", rotate: {{size: {orders.rotate}}}" if orders.rotate else ""
    whole = PLANT.format(
        journal=orders.journal, sources=sources + HISTORY * bool(orders.rows), rotate=rotate, port=port
    )
    return whole.replace("{", "{{").replace("}", "}}").replace("<", "{").replace(">", "}")


def record(file: Path, rows: int, seed: int) -> None:
    """Write a recording of ten sensors, all of it in range."""
    chance = Random(seed)
    with file.open("w") as recording:
        recording.write("sensor,value,time\n")
        for number in range(rows):
            recording.write(f"h{number % 10},{chance.uniform(0, 60):.2f},{1_700_000_000 + number / 10}\n")
