"""Units of measurement: which there are, which fit which kind, and how one is turned into another."""

from typing import Final

import msgspec


class Unit(msgspec.Struct, frozen=True, gc=False):
    """One unit: `value * scale + offset` is the value in the base unit of its dimension."""

    dimension: str
    scale: float = 1.0
    offset: float = 0.0


UNITS: Final[dict[str, Unit]] = {
    "°C": Unit("temperature"),
    "°F": Unit("temperature", 5 / 9, -160 / 9),
    "K": Unit("temperature", 1.0, -273.15),
    "Pa": Unit("pressure"),
    "hPa": Unit("pressure", 100.0),
    "kPa": Unit("pressure", 1e3),
    "MPa": Unit("pressure", 1e6),
    "mbar": Unit("pressure", 100.0),
    "bar": Unit("pressure", 1e5),
    "psi": Unit("pressure", 6894.757293168),
    "atm": Unit("pressure", 101325.0),
    "mmHg": Unit("pressure", 133.322387415),
    "inHg": Unit("pressure", 3386.388640341),
    "mmH2O": Unit("pressure", 9.80665),
    "L/s": Unit("flow", 60.0),
    "L/min": Unit("flow"),
    "L/h": Unit("flow", 1 / 60),
    "mL/min": Unit("flow", 1e-3),
    "m³/h": Unit("flow", 1000 / 60),
    "m³/s": Unit("flow", 60_000.0),
    "gal/min": Unit("flow", 3.785411784),
    "L": Unit("volume"),
    "mL": Unit("volume", 1e-3),
    "m³": Unit("volume", 1000.0),
    "gal": Unit("volume", 3.785411784),
    "V": Unit("voltage"),
    "mV": Unit("voltage", 1e-3),
    "A": Unit("current"),
    "mA": Unit("current", 1e-3),
    "W": Unit("power"),
    "kW": Unit("power", 1e3),
    "%": Unit("ratio"),
    "ppm": Unit("concentration"),
    "µg/m³": Unit("density"),
    "g": Unit("mass"),
    "kg": Unit("mass", 1e3),
    "m": Unit("length"),
    "cm": Unit("length", 1e-2),
    "mm": Unit("length", 1e-3),
    "m/s": Unit("speed"),
    "km/h": Unit("speed", 1 / 3.6),
    "Hz": Unit("frequency"),
    "rpm": Unit("frequency", 1 / 60),
    "lx": Unit("illuminance"),
    "W/m²": Unit("irradiance"),
    "Wh": Unit("energy"),
    "kWh": Unit("energy", 1e3),
    "µS/cm": Unit("conductivity"),
    "mS/cm": Unit("conductivity", 1e3),
    "mg/L": Unit("mass concentration"),
    "pH": Unit("acidity"),
    "dB": Unit("level"),
    "°": Unit("angle"),
    "h": Unit("time"),
}

SPELLINGS: Final[dict[str, str]] = {
    "C": "°C", "degC": "°C", "'C": "°C", "℃": "°C", "deg C": "°C", "celsius": "°C",
    "F": "°F", "degF": "°F", "'F": "°F", "℉": "°F", "fahrenheit": "°F",
    "kelvin": "K",
    "l/min": "L/min", "lpm": "L/min", "LPM": "L/min", "l/h": "L/h", "l/s": "L/s", "ml/min": "mL/min",
    "m3/h": "m³/h", "m3/s": "m³/s", "gpm": "gal/min", "GPM": "gal/min",
    "l": "L", "ml": "mL", "m3": "m³", "percent": "%", "PSI": "psi", "Bar": "bar",
    "uS/cm": "µS/cm", "μS/cm": "µS/cm", "mg/l": "mg/L", "W/m2": "W/m²", "1/min": "rpm", "ph": "pH",
    "ug/m3": "µg/m³", "μg/m³": "µg/m³", "%RH": "%",
}  # fmt: skip


def canonical(text: str) -> str | None:
    """Return the one spelling used inside for a unit that people write in several ways; None for no known unit."""
    text = text.strip()
    if text in UNITS:
        return text
    return SPELLINGS.get(text) or SPELLINGS.get(text.lower())


def fits(unit: str, kind: str) -> bool:
    """Tell whether a sensor of this kind can have this unit; `any` takes every unit, known or not."""
    return kind == "any" or (unit in UNITS and UNITS[unit].dimension == kind)


def convert(value: float, unit: str, target: str) -> float:
    """Return `value` in the unit `target`; ValueError where the two do not measure the same thing."""
    if unit == target:
        return value
    source, wanted = _pair(unit, target)
    return (value * source.scale + source.offset - wanted.offset) / wanted.scale


def _pair(unit: str, target: str) -> tuple[Unit, Unit]:
    source, wanted = UNITS.get(unit), UNITS.get(target)
    if source is None or wanted is None or source.dimension != wanted.dimension:
        raise ValueError(f"{unit} cannot be turned into {target}")
    return source, wanted


class Quantity(msgspec.Struct, frozen=True, gc=False):
    """A number as a person writes it, `85 °C` or `3`: without a unit it is in the unit of the sensor it meets."""

    value: float
    unit: str = ""

    def to(self, unit: str) -> float:
        """Return the number in `unit`, as a point on the scale (50 °F is 10 °C)."""
        return convert(self.value, self.unit, unit) if self.unit and unit else self.value

    def span(self, unit: str) -> float:
        """Return the number in `unit`, as a difference (9 °F are 5 K, and 5 °C)."""
        if not self.unit or not unit or self.unit == unit:
            return self.value
        source, wanted = _pair(self.unit, unit)
        return self.value * source.scale / wanted.scale

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}".strip()
