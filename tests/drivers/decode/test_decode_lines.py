"""Lines of every format, from bytes to readings."""

from collections.abc import Iterable
from functools import reduce

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugeway import ConfigError, Reading, Reject, Sensor, Sensors
from gaugeway_drivers.decode.csv_line import CsvLine
from gaugeway_drivers.decode.framing import Lines
from gaugeway_drivers.decode.json_line import JsonLine
from gaugeway_drivers.decode.keyvalue_line import KeyValueLine
from gaugeway_drivers.decode.lines import Checksum, LineDecoder, LineFormat, LineReader
from gaugeway_drivers.decode.regex_line import RegexLine

Outcome = Reading | Reject


def declared(*names: str) -> Sensors[Sensor]:
    return Sensors({name: Sensor() for name in names})


def read(format: LineFormat, line: str | bytes, *names: str, checksum: Checksum | None = None) -> list[Outcome]:
    """Read one line; sensors are those named, or all."""
    raw = line.encode() if isinstance(line, str) else line
    return list(LineReader(format, declared(*names), checksum=checksum).read(raw))


def values(outcomes: Iterable[Outcome]) -> dict[str, float]:
    return {outcome.sensor: outcome.value for outcome in outcomes if isinstance(outcome, Reading)}


def reasons(outcomes: Iterable[Outcome]) -> list[tuple[str, str]]:
    return [(outcome.reason, outcome.sensor) for outcome in outcomes if isinstance(outcome, Reject)]


REAL_LINES: list[tuple[LineFormat, bytes, dict[str, float]]] = [
    (CsvLine(fields=["t", "p", "f"]), b"23.4,1013.2,5.1\r\n", {"t": 23.4, "p": 1013.2, "f": 5.1}),
    (CsvLine(fields=["t", "p"], decimal=","), b"23,4;1013,2\r\n", {"t": 23.4, "p": 1013.2}),
    (CsvLine(fields=["t", "-", "p"]), b" 23.4 , x, -0,\n", {"t": 23.4, "p": 0.0}),
    (CsvLine(fields=["t", "p"], separator=" "), b"  23.4   1013.2 \n", {"t": 23.4, "p": 1013.2}),
    (CsvLine(fields=["sensor", "value"]), b"boiler,71.5\n", {"boiler": 71.5}),
    (CsvLine(fields=["ph"]), b"7.82\r", {"ph": 7.82}),
    (KeyValueLine(), b"t=23.4 p=1013.2 f=5.1\r\n", {"t": 23.4, "p": 1013.2, "f": 5.1}),
    (KeyValueLine(), b"t=23.4,p=1013.2;f=0,\r\n", {"t": 23.4, "p": 1013.2, "f": 0.0}),
    (KeyValueLine(decimal=","), b"t=23,4, p=1013,2\r\n", {"t": 23.4, "p": 1013.2}),
    (KeyValueLine(), b"P= 1013.2 hPa T= 31.1 'C RH= 38.3 %RH\r\n", {"P": 1013.2, "T": 31.1, "RH": 38.3}),
    (KeyValueLine(), b"pressure = 1013.02 hPa\r\n", {"pressure": 1013.02}),
    (KeyValueLine(), b"T: 23.4\xb0C H: 45% Q:5.1L/min\r\n", {"T": 23.4, "H": 45.0, "Q": 5.1}),
    (KeyValueLine(), "T: 23.4°C\r\n".encode(), {"T": 23.4}),
    (KeyValueLine(fields={"main_press": "?01CP"}), b"?01CP= 14.450\r", {"main_press": 14.45}),
    (RegexLine(pattern=r"T=(?P<boiler_temp>[-0-9.]+)"), b"<T=71.25>\n", {"boiler_temp": 71.25}),
    (RegexLine(pattern=r"^S S\s+(?P<mass>\S+) g"), b"S S 100.00 g\r\n", {"mass": 100.0}),
    (RegexLine(pattern=r"^0(?P<level>[+-][\d.]+)$"), b"0+0.0\r\n", {"level": 0.0}),
    (
        RegexLine(pattern=r"^Y" + "".join(rf"(?P<c{n}>[+-][\d.]+)" for n in range(1, 7))),
        b"Y+1+2+3-4+5+6\r\n",
        {"c1": 1, "c2": 2, "c3": 3, "c4": -4, "c5": 5, "c6": 6},
    ),
    (RegexLine(pattern=r"(?P<sensor>\w+)=(?P<value>\S+)"), b"in=20.5 out=18.25\n", {"in": 20.5, "out": 18.25}),
    (JsonLine(), b'{"t":23.4,"p":1013.2}\n', {"t": 23.4, "p": 1013.2}),
    (JsonLine(), b'{"BME":{"Temp":21.3,"Hum":40}}\n', {"BME.Temp": 21.3, "BME.Hum": 40}),
    (JsonLine(), b'{"t":"23.4","unit":{"of":"\xb0C"}}\n', {"t": 23.4}),
    (JsonLine(sensor="name", value="v"), b'{"name":"boiler","v":0}\n', {"boiler": 0.0}),
    (JsonLine(sensor="n", value="v"), b'[{"n":"a","v":1},{"n":"b","v":2}]\n', {"a": 1.0, "b": 2.0}),
    (JsonLine(sensor="{m.n}-{id}", value="v"), b'{"m":{"n":"X"},"id":7,"v":1}\n', {"X-7": 1.0}),
    (JsonLine(fields={"a": "data.t", "b": "data.p[0]"}), b'{"data":{"t":1.5,"p":[2.5]}}\n', {"a": 1.5, "b": 2.5}),
]  # fmt: skip


@pytest.mark.parametrize(("format", "line", "expected"), REAL_LINES)
def test_what_real_devices_send_is_read(format: LineFormat, line: bytes, expected: dict[str, float]) -> None:
    assert values(read(format, line.strip(), *expected)) == expected


def decoded(format: LineFormat, names: Iterable[str], pieces: Iterable[bytes]) -> list[Outcome]:
    decoder = LineDecoder(LineReader(format, declared(*names)), Lines())
    return [outcome for piece in pieces for outcome in decoder.feed(piece)]


@pytest.mark.parametrize(("format", "line", "expected"), REAL_LINES)
def test_what_real_devices_send_is_read_however_it_arrives(
    format: LineFormat, line: bytes, expected: dict[str, float]
) -> None:
    """Two lines, with the noise of plugging in before them and between, cut at every place."""
    fragment = line[len(line) // 2 :]
    stream = b"\x00\xff" + fragment + b"\xff\x00" + line + b"\x00" + line
    whole = decoded(format, expected, [stream])
    assert values(whole) == expected
    assert len(whole) == 2 * len(expected)
    assert decoded(format, expected, (stream[at : at + 1] for at in range(len(stream)))) == whole
    for at in range(len(stream)):
        assert decoded(format, expected, [stream[:at], stream[at:]]) == whole


RTL_433 = (
    '{"time" : "2023-02-06T14:14:07+0100", "model" : "Oregon-THGR810", "id" : 139, "channel" : 1, '
    '"battery_ok" : 1, "temperature_C" : 19.100, "humidity" : 75}'
)


def test_a_radio_receiver_brings_many_sensors_in_one_stream_each_with_its_own_time() -> None:
    format = JsonLine(sensor="{model}-{id}.{field}", time="time")
    names = ("Oregon-*.temperature_C", "Oregon-THGR810-139.humidity")
    assert read(format, RTL_433, *names) == [
        Reading("Oregon-THGR810-139.temperature_C", 19.1, 1675689247.0, stamp="device"),
        Reading("Oregon-THGR810-139.humidity", 75.0, 1675689247.0, stamp="device"),
    ]


def test_a_message_that_lacks_a_part_of_its_sensors_name_is_refused() -> None:
    format = JsonLine(sensor="{model}-{id}.{field}")
    assert reasons(read(format, '{"model":"X","t":1}')) == [("no sensor name", "")]
    assert reasons(read(JsonLine(sensor="n", value="v"), '{"n":true,"v":1}')) == [("no sensor name", "")]


@pytest.mark.parametrize(
    ("format", "line", "refused"),
    [
        (CsvLine(fields=["t", "p"]), "21.,1013.2", [("cut short", "t")]),
        (CsvLine(fields=["t", "p"]), ",1013.2", [("empty", "t")]),
        (CsvLine(fields=["t", "p"]), "..,1013.2", [("unavailable", "t")]),
        (CsvLine(fields=["t", "p"]), "nan,1e400", [("not finite", "t"), ("not finite", "p")]),
        (CsvLine(fields=["t", "p"]), "23.4", [("wrong number of fields", "")]),
        (CsvLine(fields=["t", "p"]), "23.4,1023.4,1013.2", [("wrong number of fields", "")]),
        (CsvLine(fields=["t"]), "*ER", [("not a number", "t")]),
        (CsvLine(fields=["t", "time"]), "23.4,soon", [("not a time", "t")]),
        (KeyValueLine(), "P= *** hPa T= 31.1 'C", [("unavailable", "P")]),
        (KeyValueLine(), "P= T= 31.1 'C", [("empty", "P")]),
        (KeyValueLine(), "t=21.", [("cut short", "t")]),
        (KeyValueLine(decimal=","), "t=21,", [("cut short", "t")]),
        (KeyValueLine(), "t=2\xb01", [("not a number", "t")]),
        (KeyValueLine(), "?01CT=..", [("unavailable", "?01CT")]),
        (KeyValueLine(), "Unknown cmd error", [("no values", "")]),
        (RegexLine(pattern=r"^S S\s+(?P<mass>\S+) g"), "S I", [("no match", "")]),
        (RegexLine(pattern=r"T=(?P<t>\S+)"), "T=ERR", [("unavailable", "t")]),
        (JsonLine(), '{"t":23.4,"p":10', [("not json", "")]),
        (JsonLine(), '{"t":NaN}', [("not json", "")]),
        (JsonLine(), "[" * 4000, [("not json", "")]),
        (JsonLine(), '{"t":null}', [("unavailable", "t")]),
        (JsonLine(), '{"t":true}', [("not a number", "t")]),
        (JsonLine(), '{"t":[1]}', [("not a number", "t")]),
        (JsonLine(), "17", [("no values", "")]),
        (JsonLine(fields={"t": "a.b"}), '{"a":{"c":1}}', [("no values", "")]),
        (JsonLine(time="ts"), '{"t":1,"ts":"soon"}', [("not a time", "t")]),
    ],
)  # fmt: skip
def test_what_is_no_reading_is_refused_with_its_reason(
    format: LineFormat, line: str, refused: list[tuple[str, str]]
) -> None:
    assert reasons(read(format, line)) == refused


def test_one_bad_field_does_not_cost_the_others() -> None:
    assert values(read(CsvLine(fields=["t", "p"]), "ERR,1013.2")) == {"p": 1013.2}
    assert values(read(KeyValueLine(), "P= * T= 31.1 'C")) == {"T": 31.1}


def test_the_refusal_shows_the_start_of_the_line() -> None:
    line = b"{" + b"x" * 1000
    (refused,) = read(JsonLine(), line)
    assert refused == Reject("not json", line[:80])


def test_the_devices_time_is_taken_where_the_format_says_so() -> None:
    expected = [Reading("t", 23.4, 1700000000.0, stamp="device")]
    assert read(CsvLine(fields=["time", "t"]), "1700000000,23.4", "t") == expected
    assert read(KeyValueLine(time="at"), "at=1700000000 t=23.4", "t") == expected
    assert read(RegexLine(pattern=r"(?P<time>\d+) (?P<t>\S+)"), "1700000000 23.4", "t") == expected
    assert read(JsonLine(time="at"), '{"at":1700000000000,"t":23.4}', "t") == expected


def test_a_message_without_the_time_it_usually_has_gets_the_gateways() -> None:
    assert read(JsonLine(time="at"), '{"t":23.4}', "t") == [Reading("t", 23.4)]
    assert read(JsonLine(time="at"), '{"t":23.4,"at":null}', "t") == [Reading("t", 23.4)]


def test_only_declared_sensors_become_readings_and_a_line_with_none_is_refused() -> None:
    assert read(KeyValueLine(), "a=1 b=2 c=3", "a", "c*") == [Reading("a", 1.0), Reading("c", 3.0)]
    assert reasons(read(KeyValueLine(), "b=2 d=3", "a")) == [("undeclared sensor", "")]


def test_a_hostile_name_is_no_sensor_even_where_all_are_wanted() -> None:
    assert reasons(read(JsonLine(), '{"' + "n" * 300 + '":1}')) == [("undeclared sensor", "")]
    assert reasons(read(JsonLine(), '{"a\\nb":1}')) == [("undeclared sensor", "")]
    assert reasons(read(JsonLine(), '{"' + "n" * 300 + '":1}', "n*")) == [("undeclared sensor", "")]


def test_a_long_line_of_words_costs_no_more_than_its_length() -> None:
    """With a pattern that tries again at every letter this would take minutes, not an instant."""
    assert reasons(read(KeyValueLine(), "a" * 300_000 + " " * 300_000)) == [("no values", "")]


def nmea(body: str) -> str:
    return f"${body}*{reduce(lambda a, b: a ^ b, body.encode()):02X}"


def test_a_checksum_in_the_line_is_verified_and_taken_off() -> None:
    format = CsvLine(fields=["-", "-", "p", "-"])
    assert read(format, nmea("WIXDR,P,1.013,B"), "p", checksum="nmea") == [Reading("p", 1.013)]
    error = "$WITXT,01,01,03,Unknown cmd error*1F"
    assert reasons(read(format, error, "p", checksum="nmea")) == [("wrong number of fields", "")]


@pytest.mark.parametrize(
    "line", ["$WIXDR,P,1.013,B*00", "$WIXDR,P,1.013,B", "WIXDR,P,1.013,B*1F", "$*", "$a*6", "$a*G1", "$a* 6", ""]
)
def test_a_line_whose_checksum_is_wrong_or_missing_is_refused(line: str) -> None:
    assert reasons(read(KeyValueLine(), line, checksum="nmea")) == [("checksum", "")]


def test_a_corrupt_line_does_not_cost_the_good_one_behind_it() -> None:
    good = nmea("T=23.5")
    reader = LineReader(KeyValueLine(), declared("T"), checksum="nmea")
    decoder = LineDecoder(reader, Lines(keep_first=True))
    outcomes = list(decoder.feed((good.replace("23", "28") + "\r\n" + good + "\r\n").encode()))
    assert reasons(outcomes) == [("checksum", "")]
    assert values(outcomes) == {"T": 23.5}


def test_the_echo_of_a_request_and_ignored_lines_are_left_out_without_a_word() -> None:
    reader = LineReader(CsvLine(fields=["ph"]), declared("ph"))
    decoder = LineDecoder(reader, Lines(keep_first=True), ignore=(b"*", b"#"), echo=b"R")
    assert list(decoder.feed(b"R\r7.82\r*OK\r# note\r")) == [Reading("ph", 7.82)]


def test_a_silence_turns_half_a_line_into_a_refusal() -> None:
    decoder = LineDecoder(LineReader(CsvLine(fields=["t"]), declared("t")), Lines(keep_first=True))
    assert list(decoder.feed(b"21.")) == []
    assert list(decoder.silence()) == [Reject("half a line", b"21.")]
    assert list(decoder.feed(b"53\n")) == [Reading("t", 53.0)]


FORMATS: list[LineFormat] = [
    CsvLine(fields=["a", "b"]),
    CsvLine(fields=["sensor", "value", "time"], decimal=","),
    KeyValueLine(time="t"),
    RegexLine(pattern=r"(?P<sensor>\w+)=(?P<value>\S*)"),
    JsonLine(time="t"),
    JsonLine(sensor="{a}.{field}"),
    JsonLine(sensor="a", value="b"),
]


@pytest.mark.parametrize("format", FORMATS)
@given(line=st.binary(max_size=60) | st.text('{}[]":,=.0123456789abtfn -', max_size=60).map(str.encode))
def test_no_line_whatever_is_in_it_breaks_the_reader(format: LineFormat, line: bytes) -> None:
    assert read(format, line)


@pytest.mark.parametrize(
    ("written", "format"),
    [
        ({"type": "csv", "fields": ["a"]}, CsvLine(fields=["a"])),
        ({"type": "keyvalue"}, KeyValueLine()),
        ({"type": "regex", "pattern": "(?P<a>.)"}, RegexLine(pattern="(?P<a>.)")),
        ({"type": "json", "time": "t"}, JsonLine(time="t")),
    ],
)
def test_the_type_in_the_configuration_says_which_format_it_is(written: object, format: LineFormat) -> None:
    assert msgspec.convert(written, LineFormat) == format


@pytest.mark.parametrize(
    ("format", "names", "message"),
    [
        (CsvLine(fields=["a", "b", "a"]), ["a", "b"], "stands twice"),
        (CsvLine(fields=["a"], separator=".", decimal="."), ["a"], "cannot part the values"),
        (RegexLine(pattern="T=([0-9]+)"), ["t"], "names no sensor"),
        (RegexLine(pattern="(?P<t>[0-9]+"), ["t"], "no regular expression"),
        (JsonLine(sensor="model"), ["t"], "add `value`"),
        (JsonLine(value="v"), ["t"], "add `sensor`"),
        (JsonLine(fields={"t": "a"}, value="v"), ["t"], "leave out"),
        (JsonLine(fields={"t": "a[x]"}), ["t"], "cannot read the JSON path"),
        (JsonLine(sensor="{model.{field}"), ["t"], "cannot read the template"),
        (JsonLine(sensor="{}.{field}"), ["t"], "cannot read the JSON path"),
        (CsvLine(fields=["temp", "p"]), ["tmep", "p"], "did you mean 'tmep'"),
        (RegexLine(pattern="(?P<t>.)"), ["t", "pressure"], "'pressure' is declared, but the format does not bring it"),
    ],
)
def test_a_format_that_cannot_work_is_a_configuration_error(format: LineFormat, names: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LineReader(format, declared(*names))


def test_a_glob_declares_what_the_format_brings() -> None:
    assert values(read(CsvLine(fields=["hall_t", "hall_p"]), "1,2", "hall_*")) == {"hall_t": 1.0, "hall_p": 2.0}
