"""Alarms, judged once for a whole gateway; the sinks that tell of them stand behind.

`Station` is what the engine hands readings to; each sink that tells of alarms has a `View` of it.
"""

from gaugeway_sinks.alarms.panel.view import View
from gaugeway_sinks.alarms.station import StaleAfter, Station

__all__ = ["StaleAfter", "Station", "View"]
