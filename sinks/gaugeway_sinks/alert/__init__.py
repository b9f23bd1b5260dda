"""Alarms over MQTT: what is told of them, what is retained, and the commands that come in."""

from gaugeway_sinks.alert.sink import ThresholdAlertSink

__all__ = ["ThresholdAlertSink"]
