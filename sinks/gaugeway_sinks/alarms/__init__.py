"""Alarms judged once for a whole gateway; the sinks that tell of them stand behind."""
