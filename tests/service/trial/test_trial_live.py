"""A configuration that is tried on real devices says of each what came, or why nothing does."""

from pathlib import Path

from gaugeway.config import load
from gaugeway.service.trial.live import try_out

PORT = """\
sources:
  boiler:
    type: serial
    port: /dev/nothing
    format: {type: csv, fields: [a]}
    sensors: {a: {kind: flow, unit: L/min}}
sinks: {screen: {type: console}}
"""


def test_what_is_wrong_with_a_port_is_said_in_the_words_that_health_uses(tmp_path: Path) -> None:
    """It is tried for as long as there is patience: the adapter may be plugged in just now."""
    file, said = tmp_path / "gateway.yaml", list[str]()
    file.write_text(PORT)
    assert not try_out(load(file), said.append, patience=1.0)
    assert "boiler: waiting, port /dev/nothing is not there: is the adapter plugged in?" in said[-1]
    assert "  a  nothing yet" in said[-1]
