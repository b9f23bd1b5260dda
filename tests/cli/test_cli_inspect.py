"""`gaugeway inspect` draws what is configured or what runs, and shows readings at any point."""

import json
from pathlib import Path

import pytest
from tests.support.gateways import PLAIN, Home
from tests.support.waiting import until

from gaugeway.cli.inspect import line
from gaugeway.cli.speech.picture import of_plan
from gaugeway.config import load
from gaugeway.reading import Reading

DRAWN = """\
boiler  (synthetic)
│  sensors: boiler_temp, boiler_press
├─ in_range
├─ average   flag smoothing
├─ smooth    (average), only boiler_t*
▼
→  archive   (file)
"""


def test_a_plan_is_drawn(tmp_path: Path) -> None:
    """Each source with its stages and what they apply to, then the sinks that all share."""
    file = tmp_path / "gateway.yaml"
    more = "flag: smoothing}}, {average: {last: 3, id: smooth, select: boiler_t*}}]"
    file.write_text(PLAIN.replace("flag: smoothing}}]", more))
    assert "\n".join(of_plan(load(file)).lines()) + "\n" == DRAWN


def test_a_gateway_that_does_not_run_is_drawn_from_its_file(tmp_path: Path) -> None:
    """It need not run to be looked at; a mistake in the file is shown as ever."""
    with Home(tmp_path) as home:
        drawn = home.run("inspect")
        assert (drawn.returncode, drawn.stdout.splitlines()[0]) == (0, "boiler  (synthetic)")
        for choice in (("--where", "value>80"), ("--sensor", "a"), ("--count", "3")):
            assert "say where to look: --tap" in home.run("inspect", *choice).stderr
        home.config.write_text("sources: 7")
        assert home.run("inspect").returncode == 78
        assert home.run("inspect", "--tap", "boiler").returncode == 3


def test_a_gateway_that_runs_is_drawn_with_its_figures(plant: Home) -> None:
    """What came, what it cost and where it went."""
    until(lambda: " taken" in plant.run("inspect").stdout)
    source, entering, in_range, average, end, archive = plant.run("inspect").stdout.splitlines()
    assert source == "boiler  (synthetic) running"
    assert " readings, " in entering
    assert entering.endswith(" per s")
    assert in_range.startswith("├─ in_range  ")
    assert average.startswith("├─ average   ")
    assert in_range.endswith(" µs")
    assert end == "▼"
    assert archive.startswith("→  archive   (file), ")


def test_readings_are_tapped(plant: Home) -> None:
    """At the source without results, behind a stage with them, of one sensor and so many."""
    raw = plant.run("inspect", "--tap", "boiler", "--json", "--count", "3")
    assert (raw.returncode, raw.stderr) == (0, "tapping boiler\n")
    readings = [json.loads(reading) for reading in raw.stdout.splitlines()]
    assert len(readings) == 3
    assert not any("average" in reading for reading in readings)
    some = plant.run(
        "inspect", "--tap", "boiler/average", "--sensor", "*_press", "--where", "average>0", "--count", "2"
    )
    first, second = some.stdout.splitlines()
    assert "boiler_press" in first
    assert "bar" in first
    assert "average=" in second


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--tap", "boiler/averge"), "source 'boiler' has no stage 'averge'"),
        (("--tap", "boiler", "--where", "80"), "'80' is no condition"),
    ],
)
def test_a_tap_that_cannot_be_is_wrong_usage(plant: Home, words: tuple[str, ...], error: str) -> None:
    """Exit code 2, and what there is."""
    refused = plant.run("inspect", *words)
    assert refused.returncode == 2
    assert error in refused.stderr


def test_a_tap_ends_with_its_gateway(tmp_path: Path) -> None:
    """When the gateway stops, who looked at it is let go."""
    with Home(tmp_path) as home:
        home.start()
        tapping = home.background("inspect", "--tap", "boiler")
        assert tapping.stdout is not None
        assert tapping.stdout.readline() != ""
        home.run("stop")
        assert tapping.wait(10) == 0


def test_a_closed_pipe_ends_a_tap(plant: Home) -> None:
    """`gaugeway inspect --tap boiler | head -1` ends quietly."""
    with plant.background("inspect", "--tap", "boiler") as tapping:
        assert tapping.stdout is not None
        assert tapping.stderr is not None
        tapping.stdout.readline()
        tapping.stdout.close()
        assert tapping.wait(10) == 0
        assert "Traceback" not in tapping.stderr.read()


def test_a_reading_is_a_line() -> None:
    """Time, sensor, value, unit, what is not good about it, results."""
    reading = Reading("boiler_temp", 86.25, 1.5, "°C", "uncertain", average=85.5, more={"slope": 0.25})
    assert line(reading).split()[1:] == ["boiler_temp", "86.25", "°C", "uncertain", "average=85.5", "slope=0.25"]
    assert line(reading).split()[0].endswith(":01.500")
