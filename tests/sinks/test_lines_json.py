"""Readings as lines of JSON."""

import copy
import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gaugeway import Reading
from gaugeway_sinks.lines import FIELDS, Dated, JsonLines

finite = st.floats(allow_nan=False, allow_infinity=False)
readings = st.builds(
    Reading,
    sensor=st.text(),
    value=finite,
    time=st.floats(min_value=1.0, max_value=4e9),
    unit=st.sampled_from(["", "°C", "L/min", "}}\n"]),
    quality=st.sampled_from(["good", "uncertain", "bad", "stale"]),
    stamp=st.sampled_from(["gateway", "device", "unsynced"]),
    normal=st.none() | finite,
    average=st.none() | finite,
    more=st.none() | st.dictionaries(st.text(), finite, max_size=3),
    fate=st.none() | st.text(max_size=3),
)


def expected(reading: Reading) -> dict[str, object]:
    fields = msgspec.structs.asdict(reading)
    more: dict[str, float] = fields.pop("more") or {}
    del fields["fate"]
    plain = {"unit": "", "quality": "good", "stamp": "gateway", "normal": None, "average": None}
    left: dict[str, object] = {
        name: value for name, value in fields.items() if name not in plain or plain[name] != value
    }
    left.update({f"{name}_" if name in FIELDS else name: value for name, value in more.items()})
    return left


@given(st.lists(readings, max_size=5))
def test_each_reading_is_one_flat_line(batch: list[Reading]) -> None:
    """Whatever its texts and results are, a reading is one line that holds exactly its fields, and is not changed."""
    before = copy.deepcopy(batch)
    lines = JsonLines().encode(batch)
    assert lines == b"".join(line + b"\n" for line in lines.split(b"\n")[:-1])
    assert [json.loads(line) for line in lines.split(b"\n")[:-1]] == [expected(reading) for reading in batch]
    assert batch == before


@given(st.lists(readings, max_size=5))
def test_with_times_as_text_only_the_time_differs(batch: list[Reading]) -> None:
    """The other fields are the same in both forms."""
    epoch, iso = JsonLines().encode(batch), JsonLines(iso=True).encode(batch)
    for number, text in zip(epoch.split(b"\n")[:-1], iso.split(b"\n")[:-1], strict=True):
        with_number, with_text = json.loads(number), json.loads(text)
        assert isinstance(with_number.pop("time"), float)
        assert with_text.pop("time").endswith("Z")
        assert with_number == with_text
        assert list(with_number) == list(with_text)


def test_a_plain_reading() -> None:
    """Fields at their default are left out, numbers are as short as they can be."""
    batch = [Reading("boiler", 0.0, 1735689600.5, "°C"), Reading("tank", 21.0, 1735689601.0, average=20.5)]
    assert JsonLines().encode(batch).decode() == (
        '{"sensor":"boiler","value":0.0,"time":1735689600.5,"unit":"°C"}\n'
        '{"sensor":"tank","value":21.0,"time":1735689601.0,"average":20.5}\n'
    )


def test_the_dated_form_has_every_field() -> None:
    """A field that readings get one day is not forgotten in the other form."""
    assert [*Dated.__struct_fields__, "fate"] == list(Reading.__struct_fields__)


def test_what_it_continues() -> None:
    """A file of JSON objects is continued, another one is not."""
    assert JsonLines().fits(b"{")
    assert not JsonLines().fits(b"s")
