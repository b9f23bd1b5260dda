"""What Home Assistant is told, held against what it takes."""

from typing import Any

import msgspec
import pytest
from tests.sinks.alarms.kit import HOT, Bench

from gaugeway import ConfigError, Kind, Quantity, Rule, Sensor, Sensors, Site
from gaugeway_sinks.alarms import View
from gaugeway_sinks.alert import ThresholdAlertSink
from gaugeway_sinks.alert.home_assistant import Discovery, HomeAssistant, Part, discovery

ALLOWED = {
    "temperature": ({"°C", "°F", "K"}, {"measurement"}),
    "pressure": (
        {"Pa", "hPa", "kPa", "mPa", "bar", "cbar", "mbar", "mmHg", "inHg", "inH₂O", "psi"},
        {"measurement"},
    ),
    "volume_flow_rate": (
        {"m³/h", "m³/min", "m³/s", "ft³/min", "L/h", "L/min", "L/s", "gal/h", "gal/min", "gal/d", "mL/s"},
        {"measurement"},
    ),
    "volume": ({"L", "mL", "gal", "fl. oz.", "m³", "ft³", "CCF", "MCF"}, {"total", "total_increasing"}),
    "voltage": ({"V", "mV", "µV", "kV", "MV"}, {"measurement"}),
    "current": ({"A", "mA"}, {"measurement"}),
    "power": ({"W", "kW", "MW", "GW", "TW", "mW"}, {"measurement"}),
    "weight": ({"kg", "g", "mg", "µg", "oz", "lb", "st"}, {"measurement", "total", "total_increasing"}),
    "distance": ({"km", "m", "cm", "mm", "mi", "nmi", "yd", "in", "ft"}, {"measurement", "total", "total_increasing"}),
    "frequency": ({"Hz", "kHz", "MHz", "GHz"}, {"measurement"}),
    "illuminance": ({"lx"}, {"measurement"}),
}
"""For each of its device classes the units and state classes that Home Assistant's own checks allow."""

COMMON = {"platform", "unique_id", "name", "state_topic", "value_template", "availability", "availability_mode",
          "device_class", "json_attributes_topic", "expire_after"}  # fmt: skip
KEYS = {"sensor": COMMON | {"state_class", "unit_of_measurement"}, "binary_sensor": COMMON}
"""The keys that its schema of a discovered sensor and binary sensor has, of those that are of use here."""

KINDS: list[tuple[Kind, list[str]]] = [
    ("temperature", ["°C", "K"]),
    ("pressure", ["bar", "mmHg"]),
    ("flow", ["L/min", "m³/h"]),
    ("any", ["L", "m³", "V", "mA", "kW", "kg", "mm", "Hz", "lx", "%", "ppm", "", "widgets"]),
]
EVERYTHING = {
    f"{kind}_{number}": Sensor(kind=kind, unit=unit) for kind, units in KINDS for number, unit in enumerate(units)
}


def announced(bench: Bench, settings: HomeAssistant | None = None, former: dict[str, str] | None = None) -> Discovery:
    """Return what a bench's gateway would announce."""
    return discovery(View(bench.panel), "gw/plant1", settings or HomeAssistant(), former or {}, "1.0")


def as_json(found: Discovery) -> dict[str, Any]:
    """Return it as it travels."""
    payload: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return payload


def parts(found: Discovery) -> list[Part]:
    """Return the sensors and alarms in it."""
    return [part for part in found.components.values() if isinstance(part, Part)]


def test_one_payload_has_device_origin_and_components() -> None:
    """With what Home Assistant requires of each."""
    payload = as_json(announced(Bench({"hot": HOT})))
    assert payload.keys() == {"device", "origin", "components"}
    assert payload["device"]["identifiers"] == ["gaugeway_plant1"]
    assert payload["origin"]["name"] == "gaugeway"
    assert all({"platform", "unique_id"} <= part.keys() for part in payload["components"].values())
    assert HomeAssistant().topic("plant 1/ü") == "homeassistant/device/plant_1__/config"


def test_every_part_is_what_its_schema_asks_for() -> None:
    """No key that the platform does not have, and each value of its type."""
    payload = as_json(announced(Bench({"hot": HOT}, EVERYTHING), HomeAssistant(expire_after=90.0)))
    for part in payload["components"].values():
        assert part.keys() <= KEYS[part["platform"]]
        assert part["availability_mode"] == "all"
        assert all(entry.keys() == {"topic"} for entry in part["availability"])
        assert isinstance(part.get("expire_after", 90), int)
        assert all(part[key] for key in ("unique_id", "name", "state_topic", "value_template"))
        assert not set("+#") & set(part["state_topic"])


def test_units_and_state_classes_are_allowed_for_their_device_class() -> None:
    """Home Assistant logs a warning, or takes no statistics, for what is not."""
    for part in parts(announced(Bench({}, EVERYTHING))):
        if part.device_class is not None:
            units, states = ALLOWED[part.device_class]
            assert part.unit_of_measurement in units
            assert part.state_class in states


def test_flow_is_measured_and_volume_is_a_total() -> None:
    """The one is never a total, the other never a measurement."""
    found = {part.unit_of_measurement: part for part in parts(announced(Bench({}, EVERYTHING)))}
    assert (found["L/min"].device_class, found["L/min"].state_class) == ("volume_flow_rate", "measurement")
    assert (found["m³"].device_class, found["m³"].state_class) == ("volume", "total")
    assert found["%"].device_class is None


def test_sensors_need_both_the_gateway_and_themselves() -> None:
    """The default mode would take the last of the two words that came."""
    (sensor,) = parts(announced(Bench({})))
    assert [entry["topic"] for entry in sensor.availability] == ["gw/plant1/status", "gw/plant1/sensor/t/availability"]
    assert sensor.availability_mode == "all"


def test_alarms_are_problems() -> None:
    """On while they are active, and available while the gateway is: a dead sensor does not hide an alarm."""
    alarm = as_json(announced(Bench({"hot": HOT})))["components"]["alert_plant1_hot"]
    assert alarm["platform"] == "binary_sensor"
    assert alarm["device_class"] == "problem"
    assert alarm["state_topic"] == "gw/plant1/alert/hot/state"
    assert "active" in alarm["value_template"]
    assert [entry["topic"] for entry in alarm["availability"]] == ["gw/plant1/status"]


def test_identities_are_unique() -> None:
    """Also where a sensor and an alarm have one name."""
    bench = Bench({"t": HOT, "both": Rule(sensors=("t",), above=Quantity(1))})
    identities = [(part.platform, part.unique_id) for part in parts(announced(bench))]
    assert len(set(identities)) == len(identities) == len(announced(bench).components)


def test_what_was_announced_once_is_taken_back() -> None:
    """With nothing but its platform."""
    payload = as_json(announced(Bench({}), former={"alert_plant1_hot": "binary_sensor"}))
    assert payload["components"]["alert_plant1_hot"] == {"platform": "binary_sensor"}


def test_old_values_are_forgotten_on_request() -> None:
    """In whole seconds."""
    (sensor,) = parts(announced(Bench({}), HomeAssistant(expire_after=300.0)))
    assert sensor.expire_after == 300


@pytest.mark.parametrize(("kind", "unit"), [("pressure", "atm"), ("pressure", "MPa"), ("flow", "mL/min")])
def test_a_unit_that_home_assistant_does_not_know_is_refused(kind: Kind, unit: str) -> None:
    """When loading, with what it knows."""
    site = Site(node="plant1", sensors=Sensors({"s": Sensor(kind=kind, unit=unit)}))
    with pytest.raises(ConfigError, match=f"Home Assistant has no {unit} for a .* which 's' is: use one of"):
        ThresholdAlertSink(site=site, home_assistant=True)
    ThresholdAlertSink(site=site)
