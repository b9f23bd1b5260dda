"""How long a sensor may be silent that says nothing of it: that follows from how often its source asks."""

from pathlib import Path

import pytest

from gaugeway.config import load

SERIAL = "type: serial, port: /dev/ttyS0, format: {type: keyvalue}"


def silence(folder: Path, source: str, sensor: str = "", stages: str = "") -> float | None:
    """Return when the sensor of a source counts as dead."""
    file = folder / "gateway.yaml"
    file.write_text(f"sources: {{s: {{{source}, sensors: {{a: {{{sensor}}}}}}}}}\nstages: [{stages}]\n")
    return load(file).pipelines[0].source.sensors.declared["a"].stale_after


@pytest.mark.parametrize(("every", "seconds"), [("50ms", 60.0), ("1s", 60.0), ("20s", 60.0), ("10min", 1800.0)])
def test_three_turns_without_an_answer_and_a_minute_at_least(tmp_path: Path, every: str, seconds: float) -> None:
    assert silence(tmp_path, f"type: synthetic, every: {every}") == seconds


def test_a_device_that_speaks_unasked_is_not_expected_at_any_time(tmp_path: Path) -> None:
    assert silence(tmp_path, SERIAL) is None
    assert silence(tmp_path, SERIAL + ", request: R, every: 5min") == 900.0


def test_what_a_sensor_says_itself_holds(tmp_path: Path) -> None:
    assert silence(tmp_path, "type: synthetic, every: 1s", "stale_after: 5s") == 5.0


def test_a_stage_that_holds_steady_readings_back_is_waited_for(tmp_path: Path) -> None:
    """And where it may do so for ever, silence says nothing."""
    source = "type: synthetic, every: 1s"
    assert silence(tmp_path, source, stages="{deadband: {by: 1, at_least_every: 10min}}") == 1800.0
    assert silence(tmp_path, source, stages="{deadband: {by: 1}}") is None
