"""The measuring range of a sensor, in the unit that its readings have."""

from gaugeway import Reading, Site, convert


def measuring_range(site: Site, reading: Reading) -> tuple[float, float] | None:
    """Return the range of the sensor that `reading` came from, or None where none is configured.

    A stage before may have turned the readings into another unit than the configured one; the range follows.
    """
    sensor = site.sensors.find(reading.sensor)
    if sensor is None or sensor.range is None:
        return None
    low, high = map(float, sensor.range)
    if not sensor.unit or not reading.unit:
        return low, high
    return convert(low, sensor.unit, reading.unit), convert(high, sensor.unit, reading.unit)
