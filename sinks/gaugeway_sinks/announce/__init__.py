"""What all ways out for alarms share that are no broker: choose what to tell, keep the order, fill in templates."""

from gaugeway_sinks.announce.announcer import USUAL, Announcer, Events, Least
from gaugeway_sinks.announce.template import Template

__all__ = ["USUAL", "Announcer", "Events", "Least", "Template"]
