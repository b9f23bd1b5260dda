"""Tests in the configuration: what they accept, what they find wrong, and how they say so."""

from pathlib import Path

import pytest

from gaugeway.config import load
from gaugeway.errors import ConfigError
from gaugeway.registry import Registry
from gaugeway.service.trial.trial import Trial, Verdict

CONFIGS = sorted((Path(__file__).parents[3] / "configs").glob("*.yaml"))
GATEWAY = """\
sources:
  boiler:
    type: synthetic
    sensors: {boiler_temp: {kind: temperature, unit: °C, range: [0, 120]}}
stages: [in_range, {average: {last: 2}}]
sinks:
  phone: {type: alert, broker: mqtt://localhost}
alerts:
  hot: {sensor: boiler_temp, above: 90 °C, clear_below: 85 °C, for: 30s}
tests:
  case:
"""


def verdict(tmp_path: Path, case: str) -> Verdict:
    """Run one test."""
    file = tmp_path / "gateway.yaml"
    file.write_text(GATEWAY + case, encoding="utf-8")
    registry = Registry.discover()
    (found,) = Trial(load(file, registry), registry).run()
    return found


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_the_samples_pass_the_tests_that_they_carry(file: Path) -> None:
    """Every sample carries tests, and they are true."""
    plan = load(file)
    verdicts = list(Trial(plan, Registry.discover(plan.plugin_folders)).run())
    assert verdicts
    assert [one for one in verdicts if not one.passed] == []


def test_an_alarm_is_raised_in_the_middle_of_a_silence(tmp_path: Path) -> None:
    """Time passes in a test as it does in a gateway, second by second."""
    case = "    readings: [{at: 0s, sensor: boiler_temp, value: 91}, {at: 1min}]\n"
    assert verdict(tmp_path, case + "    expect: [{at: 30s, alert: hot, event: raised}]\n").passed


def test_what_is_expected_and_does_not_come_is_shown(tmp_path: Path) -> None:
    """The difference names what is missing and what came instead."""
    case = "    readings: [{at: 0s, sensor: boiler_temp, value: 50}]\n"
    found = verdict(tmp_path, case + "    expect: [{sensor: boiler_temp, value: 51}]\n")
    assert found.missing == ["{sensor: boiler_temp, value: 51}"]
    assert found.seen == ["{at: 0s, sensor: boiler_temp, value: 50, average: 50}"]


def test_an_alarm_that_nobody_expected_is_shown(tmp_path: Path) -> None:
    """An empty list says that there is no alarm."""
    case = "    readings: [{at: 0s, sensor: boiler_temp, value: 91}, {at: 40s}]\n    expect: []\n"
    (surplus,) = verdict(tmp_path, case).surplus
    assert "alert: hot, event: raised" in surplus


def test_a_reading_that_is_dropped_tells_why(tmp_path: Path) -> None:
    """Drops can be expected, with their reason."""
    case = "    readings: [{sensor: boiler_temp, value: 500}]\n"
    assert verdict(tmp_path, case + "    expect: [{sensor: boiler_temp, dropped: above range}]\n").passed


def test_zero_is_a_reading(tmp_path: Path) -> None:
    """0.0 goes through like any other value."""
    case = "    readings: [{sensor: boiler_temp, value: 0}]\n"
    assert verdict(tmp_path, case + "    expect: [{sensor: boiler_temp, value: 0, average: 0}]\n").passed


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("    readings: 5\n    expect: []\n", "cannot be understood"),
        ("    readings: [{sensor: nobody, value: 1}]\n    expect: []\n", "which no source has"),
        ("    readings: [{sensor: boiler_temp}]\n    expect: []\n", "without a value"),
        ("    readings: [{at: soon, sensor: boiler_temp, value: 1}]\n    expect: []\n", "time that cannot be read"),
        ("    readings: []\n    expect: [{alert: hot}]\n", "which event"),
        ("    readings: []\n    expect: [{value: 1}]\n", "neither a sensor nor an alert"),
        ("    readings: [{at: 9999d}]\n    expect: []\n", "cannot be longer"),
    ],
)
def test_a_test_that_makes_no_sense_is_refused_in_words(tmp_path: Path, case: str, words: str) -> None:
    """A mistake in a test is a mistake in the configuration."""
    with pytest.raises(ConfigError, match=words):
        verdict(tmp_path, case)
