"""Alarms that people can trust: rules judged on readings and ticks, told over MQTT."""

from gaugeway_sinks.alert.sink import ThresholdAlertSink

__all__ = ["ThresholdAlertSink"]
