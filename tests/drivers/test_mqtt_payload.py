"""A payload becomes the readings that it holds, and rubbish becomes a reason that can be counted."""

import math
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugeway import ConfigError, Reading, Reject, Sensor, Sensors
from gaugeway_drivers.decode.payload import JsonPayload, NumberPayload, Payload

NONE: Sensors[Sensor] = Sensors({})
TOPIC = "plant/b7/telemetry"


def declared(*names: str) -> Sensors[Sensor]:
    return Sensors({name: Sensor() for name in names})


def decode(
    format: Payload, payload: str | bytes, sensors: Sensors[Sensor] = NONE, topic: str = TOPIC
) -> list[Reading | Reject]:
    """Decode as the driver does; the short way, where there is one, leads to the same reading as the long one."""
    decoder = format.decoder(sensors)
    met = decoder.topic(topic)
    assert met is not None
    data = payload.encode() if isinstance(payload, str) else payload
    messages = iter([(met, data), (met, data)])
    found, usual = decoder.readings(met, data), decoder.usual(messages)
    assert found
    assert usual == [] or found * 2 == usual
    assert len([*messages]) == (0 if usual else 1)
    return found


def values(found: list[Reading | Reject]) -> dict[str, float]:
    assert all(isinstance(item, Reading) for item in found), found
    return {item.sensor: item.value for item in found if isinstance(item, Reading)}


def reason(found: list[Reading | Reject]) -> str:
    (item,) = found
    assert isinstance(item, Reject)
    return item.reason


FLAT = JsonPayload(sensor="sensor", value="value", time="ts")


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        ('{"sensor":"s","value":21.5}', 21.5),
        ('{"value":0,"sensor":"s"}', 0.0),
        ('{"sensor":"s","value":-0.0,"more":[1,{"a":null}]}', 0.0),
        (' {"sensor" : "s" , "value" : 1e3 }\n', 1000.0),
        ('{"sensor":"s","value":"21.53"}', 21.53),
        ('{"sensor":"s","value":" 7 ","ts":null}', 7.0),
    ],
)
def test_one_value_is_read_in_every_spelling(payload: str, value: float) -> None:
    """As a number or as a text, fields in any order, whatever stands beside them; nought is a value."""
    assert values(decode(FLAT, payload)) == {"s": value}


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "empty"),
        (b"{", "not json"),
        (b"21.5 C", "not json"),
        (b'{"sensor":"s","value":NaN}', "not json"),
        (b'{"sensor":"s","value":1e400}', "not finite"),
        (b'{"sensor":"s","value":"inf"}', "not finite"),
        (b'{"sensor":"s","value":true}', "not a number"),
        (b'{"sensor":"s","value":[1]}', "not a number"),
        (b'{"sensor":"s","value":"21."}', "cut short"),
        (b'{"sensor":"s","value":null}', "unavailable"),
        (b'{"sensor":"s"}', "no values"),
        (b"21.5", "no sensor name"),
        (b"null", "no sensor name"),
        (b"[]", "no values"),
        (b'{"value":1}', "no sensor name"),
        (b'{"sensor":"","value":1}', "no sensor name"),
        (b'{"sensor":["s"],"value":1}', "no sensor name"),
        (b'{"sensor":true,"value":1}', "no sensor name"),
        (b'{"sensor":"s","value":1,"ts":"yesterday"}', "not a time"),
        (b'{"sensor":"s","value":1,"ts":[]}', "not a time"),
        (b'{"sensor":"\xff","value":1}', "not json"),
        (b'{"a":' * 100_000, "not json"),
        (b"[" * 100_000, "not json"),
    ],
)
def test_rubbish_becomes_a_reason(payload: bytes, why: str) -> None:
    """Never an exception, and never a reading."""
    assert reason(decode(FLAT, payload)) == why


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,0123456789.eE+-ntrsueva ', max_size=60).map(str.encode))
def test_no_payload_can_raise(payload: bytes) -> None:
    """Whatever comes, there is a finite reading or a reason."""
    for format in (FLAT, JsonPayload(), JsonPayload(fields={"a": "v[0]"}), NumberPayload()):
        for item in decode(format, payload):
            assert isinstance(item, Reject) or math.isfinite(item.value)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1700000000.25", 1700000000.25),
        ("1700000000250", 1700000000.25),
        ("1700000000", 1700000000.0),
        ('"1700000000250"', 1700000000.25),
        ('"2023-11-14T22:13:20.25Z"', 1700000000.25),
        ('"2023-11-14T23:13:20.250+0100"', 1700000000.25),
        ('"2023-11-14T22:13:20.25"', 1700000000.25),
    ],
)
@pytest.mark.parametrize("place", ["ts", "meta.ts"])
def test_the_device_s_time_is_taken(written: str, seconds: float, place: str) -> None:
    """Seconds, milliseconds or ISO 8601, in a plain place or a deep one; the reading says whose time it is."""
    payload = f'{{"sensor":"s","value":1,"ts":{written},"meta":{{"ts":{written}}}}}'
    (found,) = decode(JsonPayload(sensor="sensor", value="value", time=place), payload)
    assert isinstance(found, Reading)
    assert found.time == pytest.approx(seconds, abs=1e-6)
    assert found.stamp == "device"


def test_a_time_without_a_zone_is_in_the_stated_one() -> None:
    """Many devices write their local time."""
    decoder = FLAT.decoder(NONE, timezone(timedelta(hours=1)))
    topic = decoder.topic(TOPIC)
    assert topic is not None
    (found,) = decoder.readings(topic, b'{"sensor":"s","value":1,"ts":"2023-11-14T23:13:20"}')
    assert isinstance(found, Reading)
    assert found.time == 1700000000.0


@pytest.mark.parametrize("written", ["0", "12.5", '"1970-01-01T00:00:07Z"', '"2106-02-07T06:28:15Z"'])
def test_a_clock_that_was_never_set_does_not_date_a_reading(written: str) -> None:
    """The value is kept, and the gateway dates it."""
    (found,) = decode(FLAT, f'{{"sensor":"s","value":1,"ts":{written}}}')
    assert isinstance(found, Reading)
    assert (found.time, found.stamp) == (0.0, "gateway")


def test_places_may_be_deep() -> None:
    """A JSON path leads to the sensor's name and to the value; a number serves as a name."""
    format = JsonPayload(sensor="dev.id", value="data[-1].v")
    assert values(decode(format, '{"dev":{"id":139},"data":[{"v":1},{"v":2.5}]}')) == {"139": 2.5}


def test_the_topic_may_name_the_sensor() -> None:
    """By a level, or by levels with text and members between."""
    payload = '{"value":21.5,"ch":2}'
    assert values(decode(JsonPayload(sensor="topic[1]", value="value"), payload)) == {"b7": 21.5}
    assert values(decode(JsonPayload(sensor="topic[-2]", value="value"), payload)) == {"b7": 21.5}
    assert values(decode(JsonPayload(sensor="{topic[1]}_{ch}", value="value"), payload)) == {"b7_2": 21.5}


def test_a_topic_without_the_level_does_not_fit() -> None:
    """It is told when the topic is met."""
    for format in (
        JsonPayload(sensor="topic[3]", value="value"),
        JsonPayload(fields={"{topic[3]}_t": "t"}),
        JsonPayload(sensor="{topic[3]}_{field}"),
        NumberPayload(sensor="topic[-4]"),
    ):
        decoder = format.decoder(NONE)
        assert decoder.topic("a/b/c") is None
        assert decoder.topic("a/b/c/d") is not None


def test_a_list_is_a_message_of_several_objects() -> None:
    """Each with its own time; one that is none does not cost the others."""
    payload = '[{"sensor":"a","value":1,"ts":1700000000},{"sensor":"b","value":"ERR"},{"sensor":"c","value":3}]'
    first, second, third = decode(FLAT, payload)
    assert first == Reading("a", 1.0, 1700000000.0, stamp="device")
    assert isinstance(second, Reject)
    assert (second.sensor, second.reason) == ("b", "unavailable")
    assert third == Reading("c", 3.0)


def test_several_values_stand_where_it_is_stated() -> None:
    """One that is missing is no fault; one that is no number is refused alone; none at all is a fault."""
    format = JsonPayload(fields={"temp": "t", "{topic[1]}_flow": "d.f"}, time="ts")
    assert values(decode(format, '{"t":21.5,"d":{"f":3}}')) == {"temp": 21.5, "b7_flow": 3.0}
    assert values(decode(format, '{"t":21.5}')) == {"temp": 21.5}
    assert reason(decode(format, '{"x":1}')) == "no values"
    refused, kept = decode(format, '{"t":"----","d":{"f":3},"ts":1700000000}')
    assert refused == Reject("unavailable", b'{"t":"----","d":{"f":3},"ts":1700000000}', "temp")
    assert kept == Reading("b7_flow", 3.0, 1700000000.0, stamp="device")


def test_every_member_may_be_a_value() -> None:
    """Those declared are taken, those inside with a dot between; a sensor written out has to be a number."""
    payload = '{"temp":21.5,"state":"on","battery":99,"env":{"hum":40},"ts":1700000000}'
    assert values(decode(JsonPayload(), payload, declared("temp", "env.hum"))) == {"temp": 21.5, "env.hum": 40.0}
    assert values(decode(JsonPayload(time="ts"), payload, declared("*"))) == {
        "temp": 21.5,
        "battery": 99,
        "env.hum": 40,
    }
    named = JsonPayload(sensor="{topic[1]}_{field}")
    assert values(decode(named, payload, declared("*_temp"))) == {"b7_temp": 21.5}
    assert reason(decode(JsonPayload(), payload, declared("state"))) == "not a number"
    assert reason(decode(JsonPayload(), payload, declared("other"))) == "no values"


@pytest.mark.parametrize(
    ("payload", "value"), [(b"21.5", 21.5), (b" -3\n", -3.0), (b"0", 0.0), (b"1e-3", 0.001), (b"+7", 7.0)]
)
def test_a_plain_number_is_read(payload: bytes, value: float) -> None:
    """Its sensor is named by the topic, or fixed."""
    assert values(decode(NumberPayload(sensor="topic[1]"), payload)) == {"b7": value}
    assert values(decode(NumberPayload(), payload)) == {"telemetry": value}
    assert values(decode(NumberPayload(sensor="{topic[1]}_temp"), payload)) == {"b7_temp": value}
    assert values(decode(NumberPayload(sensor="boiler_temp"), payload)) == {"boiler_temp": value}


def test_a_decimal_comma_is_read_where_it_is_stated() -> None:
    """And nowhere else."""
    assert values(decode(NumberPayload(decimal=","), b"21,5")) == {"telemetry": 21.5}
    assert reason(decode(NumberPayload(), b"21,5")) == "not a number"


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "empty"),
        (b"ERR", "unavailable"),
        (b"\xff\xfe", "not a number"),
        (b"1" * 100_000, "not a number"),
        (b"nan", "not finite"),
    ],
)
def test_no_number_becomes_a_reason(payload: bytes, why: str) -> None:
    """The sensor is told, as the topic says it."""
    (found,) = decode(NumberPayload(), payload)
    assert isinstance(found, Reject)
    assert (found.reason, found.sensor) == (why, "telemetry")


@pytest.mark.parametrize(
    ("format", "says"),
    [
        (JsonPayload(value="v"), "add `sensor`"),
        (JsonPayload(sensor="name"), "add `value`"),
        (JsonPayload(fields={"a": "b"}, sensor="c"), "leave out `fields`"),
        (JsonPayload(fields={"boiler_tmp": "t"}), "did you mean 'boiler_temp'"),
        (JsonPayload(sensor="{id", value="v"), "braces"),
        (JsonPayload(sensor="", value="v"), "empty"),
        (JsonPayload(sensor="a[x]", value="v"), "JSON path"),
        (NumberPayload(sensor="{id}_temp"), "topic\\[1\\]"),
    ],
)
def test_a_format_that_cannot_work_is_refused(format: Payload, says: str) -> None:
    """When the configuration is loaded, with what to do."""
    with pytest.raises(ConfigError, match=says):
        format.decoder(declared("boiler_temp"))
