"""The topic of a message: which of its levels say what, looked at once and not with every message."""

import msgspec

from gaugeway_drivers.decode.sensor_name import SensorName


class Topic(msgspec.Struct, frozen=True):
    """A topic that was met: its levels, and the sensor's name where the topic alone says it."""

    levels: tuple[str, ...]
    sensor: str = ""


def met(name: str, sensor: SensorName) -> Topic | None:
    """Return a topic for messages with one sensor each, None where it lacks a level that the name needs."""
    levels = tuple(name.split("/"))
    if not sensor.fits(levels):
        return None
    return Topic(levels, sensor.of(levels) if sensor.of_topic_alone else "")
