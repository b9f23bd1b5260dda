"""How Home Assistant learns of a gateway: one discovery payload with all its sensors and alarms."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from gaugeway import ConfigError, Duration, Sensor
from gaugeway_sinks.alarms.panel.roster import STALE
from gaugeway_sinks.alarms.panel.view import View

OBJECT_ID: Final = re.compile(r"[^A-Za-z0-9_-]")
ABOUT: Final = {"name": "gaugeway"}

UNITS: Final[dict[str, frozenset[str]]] = {
    "temperature": frozenset({"°C", "°F", "K"}),
    "pressure": frozenset({"Pa", "hPa", "kPa", "mbar", "bar", "psi", "mmHg", "inHg"}),
    "volume_flow_rate": frozenset({"L/s", "L/min", "L/h", "m³/h", "m³/s", "gal/min"}),
    "volume": frozenset({"L", "mL", "m³", "gal"}),
    "voltage": frozenset({"V", "mV"}),
    "current": frozenset({"A", "mA"}),
    "power": frozenset({"W", "kW"}),
    "weight": frozenset({"g", "kg"}),
    "distance": frozenset({"m", "cm", "mm"}),
    "frequency": frozenset({"Hz"}),
    "illuminance": frozenset({"lx"}),
}
"""The units, of those that gaugeway knows, that Home Assistant allows for each of its device classes."""

OF_KIND: Final = {"temperature": "temperature", "pressure": "pressure", "flow": "volume_flow_rate"}


class HomeAssistant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How gateways are announced to Home Assistant."""

    prefix: Annotated[str, Meta(min_length=1, description="Its discovery prefix.", examples=["homeassistant"])] = (
        "homeassistant"
    )
    expire_after: Annotated[
        Duration | None,
        Meta(gt=0, description="Let it forget a value that is older than this.", examples=["5min"]),
    ] = None

    @property
    def status(self) -> str:
        """The topic on which Home Assistant says that it has started."""
        return f"{self.prefix}/status"

    def topic(self, node: str) -> str:
        """Return the topic of the discovery payload of a gateway."""
        return f"{self.prefix}/device/{object_id(node)}/config"


class Part(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One sensor or alarm, as Home Assistant reads it."""

    platform: Literal["sensor", "binary_sensor"]
    unique_id: str
    name: str
    state_topic: str
    value_template: str
    availability: list[dict[str, str]]
    availability_mode: str | None = None
    device_class: str | None = None
    state_class: str | None = None
    unit_of_measurement: str | None = None
    expire_after: int | None = None
    json_attributes_topic: str | None = None


class Gone(msgspec.Struct):
    """A part that is no longer there: with nothing but its platform, Home Assistant removes it."""

    platform: str


class Discovery(msgspec.Struct, kw_only=True):
    """The whole payload."""

    device: dict[str, object]
    origin: dict[str, str]
    components: dict[str, Part | Gone]


def device_class(sensor: Sensor | None) -> str | None:
    """Return the device class of a sensor; None where neither its kind nor its unit tells."""
    if sensor is None:
        return None
    if sensor.kind in OF_KIND:
        return OF_KIND[sensor.kind]
    return next((name for name, units in UNITS.items() if sensor.unit in units), None)


def state_class(found: str | None) -> str:
    """Return the state class that goes with a device class: a volume is a total, all else is measured."""
    return "total" if found == "volume" else "measurement"


def check(declared: Mapping[str, Sensor]) -> None:
    """Refuse sensors whose unit Home Assistant does not allow for what they measure."""
    for name, sensor in declared.items():
        found = device_class(sensor)
        if found is not None and sensor.unit and sensor.unit not in UNITS[found]:
            raise ConfigError(
                f"Home Assistant has no {sensor.unit} for a {found.replace('_', ' ')}, which '{name}' is: "
                f"use one of {', '.join(sorted(UNITS[found]))}, or leave out its kind"
            )


def discovery(view: View, root: str, settings: HomeAssistant, former: Mapping[str, str], version: str) -> Discovery:
    """Return the payload. `former` are parts that were announced once, by their platform: they are taken back."""
    components: dict[str, Part | Gone] = {name: Gone(platform) for name, platform in former.items()}
    components |= {f"sensor_{object_id(part.unique_id)}": part for part in _sensors(view, root, settings)}
    components |= {f"alert_{object_id(part.unique_id)}": part for part in _alarms(view, root)}
    return Discovery(
        device={"identifiers": [f"gaugeway_{view.panel.node}"], "name": view.panel.node, "manufacturer": "gaugeway"},
        origin={**ABOUT, "sw_version": version},
        components=components,
    )


def object_id(text: str) -> str:
    """Return a text with nothing in it that Home Assistant does not allow in an id."""
    return OBJECT_ID.sub("_", text)


def _sensors(view: View, root: str, settings: HomeAssistant) -> Iterable[Part]:
    panel = view.panel
    names = [*panel.sensors.names(), *(name for name in panel.tracks if name not in panel.sensors.declared)]
    for name in filter(view.sees, names):
        sensor = panel.sensors.find(name)
        found = device_class(sensor)
        yield Part(
            platform="sensor",
            unique_id=f"{panel.node}_{name}",
            name=sensor.label if sensor and sensor.label else name,
            state_topic=f"{root}/sensor/{name}/state",
            value_template="{{ value_json.value }}",
            availability=[{"topic": f"{root}/status"}, {"topic": f"{root}/sensor/{name}/availability"}],
            availability_mode="all",
            device_class=found,
            state_class=state_class(found),
            unit_of_measurement=sensor.unit if sensor and sensor.unit else None,
            expire_after=None if settings.expire_after is None else round(settings.expire_after),
        )


def _alarms(view: View, root: str) -> Iterable[Part]:
    """Yield the alarms of the operator's rules. They hold their state over a sensor's silence, and stay available."""
    for key in view.alarms:
        if not key.startswith(STALE):
            yield Part(
                platform="binary_sensor",
                unique_id=f"{view.panel.node}_{key}",
                name=key,
                state_topic=f"{root}/alert/{key}/state",
                value_template="{{ 'ON' if value_json.active else 'OFF' }}",
                availability=[{"topic": f"{root}/status"}],
                availability_mode="all",
                device_class="problem",
                json_attributes_topic=f"{root}/alert/{key}/state",
            )
