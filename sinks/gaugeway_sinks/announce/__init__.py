"""What all ways out for alarms share that are no broker: judge by the rules, keep the order, fill in templates."""

from gaugeway_sinks.announce.announcer import USUAL, Announcer, Events, Least, StaleAfter
from gaugeway_sinks.announce.template import Template

__all__ = ["USUAL", "Announcer", "Events", "Least", "StaleAfter", "Template"]
