"""The CSV source on real files."""

import gzip
import tracemalloc
from collections.abc import Iterable
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from tests.engine.kit import SOON, Shelf, outlet, pipeline, stage
from tests.support.waiting import PATIENCE

from gaugeway import ConfigError, DeviceError, Reading, Reject, Sensor, Sensors, Tick
from gaugeway.service.supervisor import Supervisor
from gaugeway_drivers.csv import Csv
from gaugeway_drivers.csv_columns import Columns

LONG = "sensor,value,time\nboiler,71.5,1700000000\nhall,0,1700000001\n"
READINGS = [
    Reading("boiler", 71.5, 1700000000.0, stamp="device"),
    Reading("hall", 0.0, 1700000001.0, stamp="device"),
]
ALL = Sensors({"*": Sensor()})


def declared(*names: str) -> Sensors[Sensor]:
    return Sensors({name: Sensor() for name in names})


def outcomes(source: Csv) -> list[Reading | Reject]:
    return [item for item in source.stream() if not isinstance(item, Tick)]


def written(tmp_path: Path, text: str, name: str = "readings.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        LONG.replace("\n", "\r\n"),
        "\ufeff" + LONG,
        LONG.rstrip("\n"),
        'time,"value","sensor"\n1700000000,"71.5","boiler"\n1700000001,"0","hall"\n',
        "Time,Sensor,Value\n2023-11-14T22:13:20,boiler,71.5\n2023-11-14T22:13:21Z,hall,0\n",
        "ts,boiler,hall\n1700000000,71.5,\n1700000001,,0\n",
    ],
)
def test_a_file_whose_header_speaks_for_itself_needs_no_format(text: str, tmp_path: Path) -> None:
    assert outcomes(Csv(path=written(tmp_path, text), sensors=ALL)) == READINGS


@pytest.mark.parametrize(
    ("format", "text"),
    [
        (Columns(sensor="id", value="raw", time="at"), "at,id,raw\n1700000000,boiler,71.5\n1700000001,hall,0\n"),
        (Columns(sensor=2, value=3, time=1), "at,id,raw\n1700000000,boiler,71.5\n1700000001,hall,0\n"),
        (Columns(time="t", fields={"boiler": "T1", "hall": 3}), "t,T1,T2\n1700000000,71.5,\n1700000001,,0\n"),
    ],
)  # fmt: skip
def test_columns_are_given_by_name_or_number(format: Columns, text: str, tmp_path: Path) -> None:
    assert outcomes(Csv(path=written(tmp_path, text), sensors=declared("boiler", "hall"), format=format)) == READINGS


def test_a_file_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "71.5;boiler\n0;hall\n")
    source = Csv(path=path, sensors=ALL, format=Columns(sensor=2, value=1), header=False, separator=";")
    assert outcomes(source) == [Reading("boiler", 71.5), Reading("hall", 0.0)]


def test_all_rows_may_be_of_one_sensor(tmp_path: Path) -> None:
    path = written(tmp_path, "value,time\n71.5,1700000000\n")
    named = Csv(path=path, sensors=ALL, format=Columns(sensor="boiler", value="value", time="time"))
    only = Csv(path=path, sensors=declared("boiler"), format=Columns(value="value", time="time"))
    assert outcomes(named) == outcomes(only) == READINGS[:1]


def test_a_decimal_comma_brings_the_semicolon_with_it(tmp_path: Path) -> None:
    path = written(tmp_path, "sensor;value;time\nboiler;71,5;14.11.2023 23:13:20\nhall;0;14.11.2023 23:13:21\n")
    source = Csv(
        path=path, sensors=ALL, decimal=",", timezone="Europe/Berlin", time_format="%d.%m.%Y %H:%M:%S"
    )  # fmt: skip
    assert outcomes(source) == READINGS


def test_a_packed_file_is_unpacked_while_it_is_read(tmp_path: Path) -> None:
    source = Csv(path=written(tmp_path, LONG, "readings.csv.gz"), sensors=ALL)
    assert outcomes(source) == READINGS
    assert source.progress() == (source.progress()[1], len(gzip.compress(LONG.encode())))


def test_a_packed_file_that_is_cut_or_damaged_ends_with_a_refusal(tmp_path: Path) -> None:
    text = "sensor,value,time\n" + "".join(f"boiler,{n * n % 997},{n}\n" for n in range(1, 50_000))
    path = written(tmp_path, text, "readings.csv.gz")
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[: len(whole) // 2] + b"\xff" * 100, b"no archive"):
        path.write_bytes(damaged)
        *readings, last = outcomes(Csv(path=path, sensors=ALL))
        assert isinstance(last, Reject)
        assert last.reason == "damaged archive"
        values = [reading.value for reading in readings if isinstance(reading, Reading)]
        assert values == [n * n % 997 for n in range(1, len(values) + 1)]


def test_what_came_out_of_a_damaged_archive_is_kept(tmp_path: Path) -> None:
    path = written(tmp_path, LONG, "readings.csv.gz")
    path.write_bytes(path.read_bytes() + b"appended by mistake")
    *readings, last = outcomes(Csv(path=path, sensors=ALL))
    assert readings == READINGS
    assert isinstance(last, Reject)


def test_nothing_is_taken_of_an_archive_that_is_not_what_was_packed(tmp_path: Path) -> None:
    """A digit that has changed in it makes another value that looks as good as any; the checksum tells."""
    path = written(tmp_path, LONG, "readings.csv.gz")
    packed = bytearray(path.read_bytes())
    packed[-8] ^= 1
    path.write_bytes(packed)
    (only,) = outcomes(Csv(path=path, sensors=ALL))
    assert isinstance(only, Reject)
    assert only.reason == "damaged archive"


def test_one_row_in_an_old_encoding_changes_no_name_in_the_others(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_bytes("sensor,value\nhöhe,1\n".encode() + "größe,2\n".encode("latin-1") + "höhe,3\n".encode())
    found = [item for item in outcomes(Csv(path=path, sensors=ALL)) if isinstance(item, Reading)]
    assert [(item.sensor, item.value) for item in found] == [("höhe", 1.0), ("größe", 2.0), ("höhe", 3.0)]


def test_bad_rows_are_refused_and_the_others_read(tmp_path: Path) -> None:
    rows = "boiler,21.,1700000000\nhall,ERR,1700000000\nhall,1\nhall,1,soon\nboiler,nan,1700000000\n\xb0,1,7\n"
    path = tmp_path / "readings.csv"
    path.write_bytes((LONG + rows).encode("latin-1") + b"hall,0,1700000001\n")
    found = outcomes(Csv(path=path, sensors=declared("boiler", "hall")))
    assert [item.reason for item in found if isinstance(item, Reject)] == [
        "cut short",
        "unavailable",
        "wrong number of fields",
        "not a time",
        "not finite",
        "undeclared sensor",
    ]
    assert [item for item in found if isinstance(item, Reading)] == [*READINGS, READINGS[1]]


def big(path: Path, rows: int) -> Path:
    with path.open("w") as file:
        file.write("sensor,value,time\n")
        file.writelines(f"s{n % 50},{n},{n + 1}\n" for n in range(rows))
    return path


def values(items: Iterable[object]) -> list[float]:
    return [item.value for item in items if isinstance(item, Reading)]


def test_no_row_of_a_big_file_is_lost_or_doubled_where_it_is_cut_into_blocks(tmp_path: Path) -> None:
    assert values(Csv(path=big(tmp_path / "big.csv", 20_000), sensors=ALL).stream()) == [*range(20_000)]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    assert most_memory(big(tmp_path / "ten.csv", 40_000)) < 1.2 * most_memory(big(tmp_path / "one.csv", 4_000))


def most_memory(path: Path) -> int:
    """Return the most memory that was in use while the file was read."""
    tracemalloc.start()
    for _ in Csv(path=path, sensors=ALL).stream():
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_progress_rises_to_the_size_of_the_file_and_ticks_come_on_the_way(tmp_path: Path) -> None:
    source = Csv(path=big(tmp_path / "big.csv", 20_000), sensors=ALL)
    seen = [source.progress()[0] for item in source.stream() if isinstance(item, Tick)]
    size = source.progress()[1]
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert seen[-1] == size == (tmp_path / "big.csv").stat().st_size


def test_each_stream_begins_with_the_first_row(tmp_path: Path) -> None:
    """Wherever the one before was left: the engine counts, and passes over what it has."""
    source = Csv(path=big(tmp_path / "big.csv", 20_000), sensors=ALL)
    for stop_after in (1, 5_000, 10_001):
        with closing(source.stream()) as stream:
            assert len(list(islice(stream, stop_after))) == stop_after
    assert values(source.stream()) == [*range(20_000)]


def test_a_bug_in_a_stage_costs_no_row_but_the_one_it_fails_at(tmp_path: Path) -> None:
    """The pipeline is started again, and so is the file."""
    failed: list[float] = []

    def fragile(reading: Reading) -> Reading:
        if reading.value == 5_000 and not failed:
            failed.append(reading.value)
            raise ZeroDivisionError
        return reading

    shelf, source = Shelf(), Csv(path=big(tmp_path / "big.csv", 20_000), sensors=ALL)
    one = Supervisor(pipeline(source, stage(fragile, on_error="halt"), sinks=[outlet(shelf)]), retry=SOON)
    one.start()
    assert one.join(PATIENCE)
    assert shelf.values == [value for value in range(20_000) if value != 5_000]


def test_recorded_readings_come_in_their_rhythm_with_ticks_before_each_wait(tmp_path: Path) -> None:
    path = written(tmp_path, "sensor,value,time\na,1,100\na,2,3700\na,3,200\na,4,7300\n")
    items = list(Csv(path=path, sensors=ALL, speed=100_000.0).stream())
    kinds = [item.value if isinstance(item, Reading) else "tick" for item in items]
    assert kinds == [1.0, "tick", 2.0, 3.0, "tick", 4.0, "tick"]


def test_at_recorded_speed_a_long_pause_is_waited_for_in_ticks(tmp_path: Path) -> None:
    path = written(tmp_path, "sensor,value,time\na,1,100\na,2,100000\n")
    stream = Csv(path=path, sensors=ALL, speed="as_recorded").stream()
    kinds = [type(next(stream)) for _ in range(3)]
    stream.close()
    assert kinds == [Reading, Tick, Tick]


def test_what_came_before_is_not_waited_for_again(tmp_path: Path) -> None:
    """After hours of a recording a restart would be silent for hours."""
    path = written(tmp_path, "sensor,value,time\na,1,100\na,no,3600\na,2,7200\na,3,7200\na,4,9000\n")
    source = Csv(path=path, sensors=ALL, speed="as_recorded")
    source.pass_over(3)
    with closing(source.stream()) as stream:
        kinds = [type(next(stream)) for _ in range(5)]
    assert kinds == [Reading, Reject, Reading, Reading, Tick]


def test_a_file_that_is_not_there_may_come_later(tmp_path: Path) -> None:
    source = Csv(path=tmp_path / "later.csv", sensors=ALL)
    with pytest.raises(DeviceError, match="there is no file"):
        outcomes(source)
    written(tmp_path, LONG, "later.csv")
    assert outcomes(source) == READINGS


@pytest.mark.parametrize("text", ["", "\n\n", "sensor,value,time\n"])
def test_a_file_without_rows_has_no_readings(text: str, tmp_path: Path) -> None:
    assert outcomes(Csv(path=written(tmp_path, text), sensors=ALL)) == []


@pytest.mark.parametrize(
    ("text", "format", "message"),
    [
        (LONG, Columns(sensor="sensor", value="valeu"), "no column 'valeu': did you mean 'value'"),
        (LONG, Columns(sensor=1, value=4), "no column 4: they are counted from 1 to 3"),
        (LONG, Columns(sensor="pump", value="value"), "no column 'pump'"),
        (LONG, Columns(value="value"), "say of which sensor"),
        (LONG.replace(",", ";"), Columns(sensor="sensor", value="value"), "is the separator ';'"),
        ("a,b\n1,2\n", None, "no column of .* is called like a sensor: there is a, b"),
        (LONG.encode("utf-16").decode("latin-1"), None, "is no text in UTF-8"),
        (LONG.replace("\n", "\r"), None, "ends its lines with CR alone"),
        ("time,hall,hall\n1,2,3\n", None, "two columns 'hall': say in `fields` which one counts"),
    ],
)
def test_a_file_that_is_not_as_the_format_says_is_a_configuration_error(
    text: str, format: Columns | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "readings.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=message):
        outcomes(Csv(path=path, sensors=declared("boiler", "hall"), format=format))


def test_a_rhythm_needs_times(tmp_path: Path) -> None:
    source = Csv(path=written(tmp_path, "sensor,value\na,1\n"), sensors=ALL, speed="as_recorded")
    with pytest.raises(ConfigError, match="add `time`"):
        outcomes(source)


def test_a_slip_in_the_options_is_found_before_the_file_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "not-there.csv"
    with pytest.raises(ConfigError, match="columns with numbers only"):
        Csv(path=path, sensors=ALL, header=False)
    with pytest.raises(ConfigError, match="columns with numbers only"):
        Csv(path=path, sensors=ALL, header=False, format=Columns(sensor="boiler", value="value"))
    with pytest.raises(ConfigError, match="cannot part the cells"):
        Csv(path=path, sensors=ALL, separator=",", decimal=",")
    with pytest.raises(ConfigError, match="no time zone"):
        Csv(path=path, sensors=ALL, timezone="Mars")
    with pytest.raises(ConfigError, match="add `value`"):
        Csv(path=path, sensors=ALL, format=Columns(sensor="sensor"))
    with pytest.raises(ConfigError, match="leave out"):
        Csv(path=path, sensors=ALL, format=Columns(value="value", fields={"a": 1}))
    with pytest.raises(ConfigError, match="did you mean 'boiler'"):
        Csv(path=path, sensors=declared("boiler"), format=Columns(fields={"boilr": 1}))
