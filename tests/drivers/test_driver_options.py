"""The options of the drivers as people write them in the file."""

import threading
from pathlib import Path
from textwrap import dedent, indent

import pytest

from gaugeway.config.load import load_text
from gaugeway.engine.build import Builder
from gaugeway.errors import ConfigError
from gaugeway.registry import Registry
from gaugeway_drivers.csv import Csv
from gaugeway_drivers.serial import Serial
from gaugeway_drivers.synthetic import Synthetic


def made(source: str, folder: Path) -> object:
    """Return the source that a configuration describes; ConfigError with all that is wrong with it."""
    text = f"sources:\n  tested:\n{indent(dedent(source).strip(), '    ')}\nsinks:\n  out: {{type: console}}\n"
    registry = Registry.discover()
    report = load_text(text, registry, {}, folder=folder)
    if report.plan is None:
        raise ConfigError(report.problems)
    builder = Builder(report.plan, registry)
    pipeline = builder.pipeline(report.plan.pipelines[0], [], threading.Event())
    builder.finish()
    assert pipeline is not None
    return pipeline.intake.source


SERIAL = [
    """
    type: serial
    port: /dev/serial/by-id/usb-FTDI_FT232R-if00-port0
    baud: 9600
    format: {type: regex, pattern: 'T=(?P<boiler_temp>[-0-9.]+)'}
    sensors:
      boiler_temp: {kind: temperature, unit: °C, range: [0, 120]}
    """,
    """
    type: serial
    port: /dev/ttyUSB0
    bytesize: 7
    parity: even
    stopbits: 2
    delimiter: "\\r\\n"
    request: "R\\r"
    every: 500ms
    max_latency: 5ms
    silence: 3s
    ignore: ["*", "#"]
    checksum: nmea
    timezone: Europe/Berlin
    format: {type: csv, fields: [hall, "-", time], separator: ";", decimal: ","}
    sensors: {hall: {}}
    """,
    """
    type: serial
    port: /dev/ttyUSB0
    format: {type: json, sensor: "{model}-{id}.{field}", time: time}
    sensors: {"*.temperature_C": {kind: temperature, unit: °C}}
    """,
    """
    type: serial
    port: /dev/ttyUSB0
    format: {type: keyvalue, fields: {hall: t}}
    sensors: {hall: {kind: temperature, unit: °C}}
    """,
]

CSV = [
    """
    type: csv
    path: january.csv
    format: {sensor: sensor, value: value, time: time}
    sensors: {"*": {kind: temperature, unit: °C, range: [-40, 125]}}
    """,
    """
    type: csv
    path: january.csv.gz
    header: false
    separator: "\\t"
    format: {time: 1, fields: {hall: 2}}
    speed: as_recorded
    sensors: {hall: {}}
    """,
    """
    type: csv
    path: january.csv
    speed: 60
    time_format: "%d.%m.%Y %H:%M"
    sensors: {hall: {}}
    """,
]

SYNTHETIC = [
    """
    type: synthetic
    every: 100ms
    count: 5
    start: 1700000000
    seed: 3
    sensors:
      boiler: {kind: temperature, unit: °C, range: [0, 120], wave: saw, period: 5min, noise: 0.2, spikes: 0.01}
      hall: {around: 20, amplitude: 2, drift: 0.5, dropouts: 0.1, steps: [{at: 30s, by: 15, for: 10s}]}
    """,
]


@pytest.mark.parametrize("source", SERIAL)
def test_a_serial_source_is_made_as_it_is_written(source: str, tmp_path: Path) -> None:
    assert isinstance(made(source, tmp_path), Serial)


@pytest.mark.parametrize("source", CSV)
def test_a_csv_source_is_made_as_it_is_written(source: str, tmp_path: Path) -> None:
    assert isinstance(made(source, tmp_path), Csv)


@pytest.mark.parametrize("source", SYNTHETIC)
def test_a_synthetic_source_is_made_as_it_is_written(source: str, tmp_path: Path) -> None:
    assert isinstance(made(source, tmp_path), Synthetic)


@pytest.mark.parametrize(
    ("source", "slip", "message"),
    [
        (SERIAL[0], ("baud", "boud"), "did you mean 'baud'"),
        (SERIAL[0], ("<boiler_temp>", "<boiler_tmp>"), "did you mean 'boiler_temp'"),
        (SERIAL[0], ("(?P<boiler_temp>", "(?P<boiler_temp>("), "no regular expression"),
        (SERIAL[0], ("type: regex", "type: regexp"), "did you mean 'regex'"),
        (SERIAL[1], ("fields: [hall", "field: [hall"), "did you mean 'fields'"),
        (SERIAL[1], ("Europe/Berlin", "Europe/Berlim"), "no time zone"),
        (CSV[1], ("fields: {hall: 2}", "fields: {hall: T}"), "columns with numbers only"),
        (CSV[1], ("fields:", "value: 3, fields:"), "leave out"),
        (SYNTHETIC[0], ("wave: saw", "wave: saww"), "did you mean '?saw"),
        (SYNTHETIC[0], ("every: 100ms", "every: 0s"), "more than 0"),
    ],
)
def test_a_slip_is_found_before_anything_is_opened(
    source: str, slip: tuple[str, str], message: str, tmp_path: Path
) -> None:
    wrong = source.replace(*slip)
    assert wrong != source
    with pytest.raises(ConfigError, match=message):
        made(wrong, tmp_path)
