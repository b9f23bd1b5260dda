"""The serial source on real pseudo-terminals."""

import errno
import os
import termios
import time
from collections.abc import Callable, Generator, Iterator
from itertools import takewhile
from pathlib import Path
from typing import cast

import pytest
from tests.support.adapter import Adapter

from gaugeway import ConfigError, DeviceError, Reading, Reject, Sensor, Sensors, Tick
from gaugeway_drivers.decode.csv_line import CsvLine
from gaugeway_drivers.decode.keyvalue_line import KeyValueLine
from gaugeway_drivers.decode.regex_line import RegexLine
from gaugeway_drivers.port import Settings, opened, others, trouble
from gaugeway_drivers.serial import Serial

PATIENCE = 10.0
Item = Reading | Reject | Tick


@pytest.fixture
def adapter(tmp_path: Path) -> Iterator[Adapter]:
    with Adapter(tmp_path / "usb-Adapter-port0") as adapter:
        yield adapter


def three() -> Sensors[Sensor]:
    return Sensors({name: Sensor() for name in ("t", "p", "f")})


def arduino(adapter: Adapter, *, silence: float = 2.0, keep_first: bool = False) -> Serial:
    """Return a source for a device that sends three values a line."""
    return Serial(
        port=adapter.path,
        format=CsvLine(fields=["t", "p", "f"]),
        sensors=three(),
        silence=silence,
        keep_first=keep_first,
        max_latency=0.001,
    )


def until_tick(stream: Iterator[Item]) -> list[Reading | Reject]:
    """Return what the stream yields before it would wait again."""
    return cast("list[Reading | Reject]", list(takewhile(lambda item: not isinstance(item, Tick), stream)))


def until(stream: Iterator[Item], enough: Callable[[list[Reading | Reject]], bool]) -> list[Reading | Reject]:
    """Read on until it is enough; fail where that takes too long."""
    found: list[Reading | Reject] = []
    deadline = time.monotonic() + PATIENCE
    while not enough(found):
        assert time.monotonic() < deadline, f"only {found}"
        found += until_tick(stream)
    return found


def some(stream: Iterator[Item], count: int) -> list[Reading | Reject]:
    return until(stream, lambda found: len(found) >= count)


def open_stream(source: Serial) -> Generator[Item]:
    """Begin to read: the port is open when the first tick comes."""
    stream = source.stream()
    assert isinstance(next(stream), Tick)
    return stream


GOOD = [Reading("t", 23.4), Reading("p", 1013.2), Reading("f", 5.1)]


def test_lines_become_readings_and_the_first_is_left_out(adapter: Adapter) -> None:
    stream = open_stream(arduino(adapter))
    adapter.send(b"013.2,5.1\r\n23.4,1013.2,5.1\r\n")
    assert some(stream, 3) == GOOD


def test_the_first_line_is_kept_where_that_is_wanted(adapter: Adapter) -> None:
    stream = open_stream(arduino(adapter, keep_first=True))
    adapter.send(b"23.4,1013.2,5.1\r\n")
    assert some(stream, 3) == GOOD


def test_the_first_line_is_whole_when_it_comes_after_a_silence(adapter: Adapter) -> None:
    stream = open_stream(arduino(adapter, silence=0.01))
    assert until_tick(stream) == []
    adapter.send(b"23.4,1013.2,5.1\r\n")
    assert some(stream, 3) == GOOD


def test_what_was_sent_before_the_port_was_opened_is_not_read(adapter: Adapter) -> None:
    adapter.send(b"1,1,1\r\n1,1,1\r\n")
    stream = open_stream(arduino(adapter, keep_first=True))
    adapter.send(b"23.4,1013.2,5.1\r\n")
    assert some(stream, 3) == GOOD


def test_half_a_line_and_silence_is_refused_and_not_glued_to_the_next(adapter: Adapter) -> None:
    stream = open_stream(arduino(adapter, silence=0.02, keep_first=True))
    adapter.send(b"23.")
    assert some(stream, 1) == [Reject("half a line", b"23.")]
    adapter.send(b"23.4,1013.2,5.1\r\n")
    assert some(stream, 3) == GOOD


def test_noise_and_nonsense_are_refused_and_cost_nothing_that_comes_after(adapter: Adapter) -> None:
    stream = open_stream(arduino(adapter, keep_first=True))
    adapter.send(b"\xfe\xfe\n" + b"x" * 3000 + b"\x00\xff\n")
    adapter.send(b"y" * 3000)
    adapter.send(b"y" * 3000 + b"\r\n\x00\xff23.4,1013.2,5.1\r\n")
    found = some(stream, 6)
    assert [item.reason for item in found[:3] if isinstance(item, Reject)] == [
        "wrong number of fields",
        "wrong number of fields",
        "line too long",
    ]
    assert found[3:] == GOOD


def test_an_unplugged_adapter_is_a_device_error_that_says_so(adapter: Adapter) -> None:
    stream = open_stream(arduino(adapter))
    adapter.unplug()
    with pytest.raises(DeviceError, match=r"usb-Adapter-port0 .*was the adapter unplugged\?"):
        some(stream, 1)


def test_while_it_is_unplugged_the_port_is_not_there(adapter: Adapter) -> None:
    adapter.unplug()
    with pytest.raises(DeviceError, match=r"is not there: is the adapter plugged in\?"):
        next(arduino(adapter).stream())


def test_the_ports_that_there_are_instead_are_named(tmp_path: Path) -> None:
    """So that the name can be copied; where there is none, nothing is said of it."""
    folder = tmp_path / "by-id"
    assert others(folder / "usb-Old") == ""
    folder.mkdir()
    assert others(folder / "usb-Old") == ""
    for name in "dcba":
        (folder / f"usb-{name}").touch()
    expected = f" There is {folder}/usb-a, {folder}/usb-b, {folder}/usb-c and 1 more"
    assert others(folder / "usb-Old") == others(Path("/dev/ttyUSB0"), folder) == expected


def test_after_an_unplug_in_the_middle_of_a_line_the_same_source_reads_on_under_another_node(adapter: Adapter) -> None:
    source = arduino(adapter, keep_first=True)
    stream = open_stream(source)
    adapter.send(b"23.4,1013.2,5.1\r\n99.9,99")
    assert some(stream, 3) == GOOD
    before = adapter.node
    adapter.unplug()
    with pytest.raises(DeviceError):
        some(stream, 1)
    other = os.openpty()  # another device has taken the old number
    adapter.plug()
    try:
        assert adapter.node != before
        again = open_stream(source)
        adapter.send(b"23.4,1013.2,5.1\r\n")
        assert some(again, 3) == GOOD
    finally:
        os.close(other[0])
        os.close(other[1])


def test_the_port_is_set_up_as_configured(adapter: Adapter) -> None:
    source = Serial(
        port=adapter.path,
        format=KeyValueLine(),
        sensors=three(),
        baud=1200,
        parity="odd",
        stopbits=2,
    )
    stream = open_stream(source)
    _, _, cflag, lflag, ispeed, ospeed, _ = termios.tcgetattr(adapter.device)
    assert (ispeed, ospeed) == (termios.B1200, termios.B1200)
    assert cflag & termios.PARODD  # the only sign of parity that a pseudo-terminal does not take back
    assert cflag & termios.CSTOPB
    assert not lflag & (termios.ICANON | termios.ECHO)
    stream.close()


def test_a_port_is_ours_alone_while_it_is_open_and_free_again_after(adapter: Adapter) -> None:
    with opened(adapter.path, Settings()), pytest.raises(DeviceError, match="is held by another program"):
        next(arduino(adapter).stream())
    open_stream(arduino(adapter))


def test_a_closed_stream_leaves_no_descriptor_open(adapter: Adapter) -> None:
    before = set(os.listdir("/proc/self/fd"))
    stream = arduino(adapter).stream()
    next(stream)
    assert set(os.listdir("/proc/self/fd")) > before
    stream.close()
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_path_that_is_no_port_is_said_to_be_none(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("23.4")
    for path in (file, tmp_path, Path("/dev/null")):
        with pytest.raises(DeviceError, match="is no serial port"), opened(path, Settings()):
            pass


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EACCES, "add the user to the group"),
        (errno.EPERM, "restart the service"),
        (errno.EBUSY, "held by another program"),
        (errno.EIO, "was the adapter unplugged"),
        (errno.EPROTO, "fails: "),
    ],
)
def test_every_trouble_of_a_port_comes_with_advice(number: int, advice: str) -> None:
    path = Path("/dev/ttyUSB9")
    assert advice in str(trouble(path, OSError(number, os.strerror(number))))


def test_a_device_that_must_be_asked_is_asked_and_its_echo_is_no_reading(adapter: Adapter) -> None:
    source = Serial(
        port=adapter.path,
        format=CsvLine(fields=["ph"]),
        sensors=Sensors({"ph": Sensor()}),
        request="R\r",
        every=0.01,
        ignore=["*"],
        max_latency=0,
    )
    stream = open_stream(source)
    for value in (7.82, 7.83):
        answered = len(until_tick(stream))
        assert answered == 0
        assert adapter.received(2) == b"R\r"
        adapter.send(f"R\r{value}\r*OK\r".encode())
        assert some(stream, 1) == [Reading("ph", value)]


def test_a_device_is_asked_again_after_a_silent_answer_but_not_before_it_is_time(adapter: Adapter) -> None:
    source = Serial(
        port=adapter.path,
        format=CsvLine(fields=["ph"]),
        sensors=Sensors({"ph": Sensor()}),
        request="R\r",
        every=60,
        silence=0.01,
    )
    stream = open_stream(source)
    for _ in range(3):
        until_tick(stream)
    os.set_blocking(adapter.device, False)
    assert os.read(adapter.device, 100) == b"R\r"


def test_a_device_that_says_nothing_does_not_keep_the_engine_waiting(adapter: Adapter) -> None:
    """Without the bound on its wait this would hang."""
    assert until_tick(open_stream(arduino(adapter, silence=100))) == []


def test_latin_1_in_a_line_does_not_cost_the_number(adapter: Adapter) -> None:
    source = Serial(
        port=adapter.path,
        format=RegexLine(pattern="T=(?P<boiler_temp>[-0-9.]+) °C"),
        sensors=Sensors({"boiler_temp": Sensor()}),
        keep_first=True,
    )
    stream = open_stream(source)
    adapter.send(b"T=71.25 \xb0C\n" + "T=71.5 °C\n".encode())
    assert some(stream, 2) == [Reading("boiler_temp", 71.25), Reading("boiler_temp", 71.5)]


def test_a_flood_is_read_without_loss(adapter: Adapter) -> None:
    stream = open_stream(arduino(adapter, keep_first=True))
    found: list[Reading | Reject] = []
    for block in range(50):
        adapter.send(b"".join(b"%d,%d,0\r\n" % (block, line) for line in range(100)))
        found += some(stream, 300)
    assert [item.value for item in found if isinstance(item, Reading) and item.sensor == "p"] == [*range(100)] * 50


def test_a_slip_in_the_options_is_found_before_the_port_is_opened(tmp_path: Path) -> None:
    port, format = tmp_path / "not-there", KeyValueLine()
    with pytest.raises(ConfigError, match="no time zone"):
        Serial(port=port, format=format, sensors=three(), timezone="Mars")
    with pytest.raises(ConfigError, match="no single byte"):
        Serial(port=port, format=format, sensors=three(), delimiter="→")
    with pytest.raises(ConfigError, match="empty text"):
        Serial(port=port, format=format, sensors=three(), ignore=[""])
    with pytest.raises(ConfigError, match="no such sensor"):
        Serial(port=port, format=CsvLine(fields=["x"]), sensors=three())
