"""How an event has to look for those who take webhooks: one function for each, from an event to what becomes JSON."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from gaugeway_sinks.alarms.alarm.event import Event

Preset = Literal["json", "slack", "teams", "ntfy", "telegram", "pagerduty"]
Body = Mapping[str, object]
Shape = Callable[[Event, str], Body]
"""Takes the event, and `to`: the chat, topic or service that it is for."""

RECEIVER: Final[Mapping[Preset, str]] = {
    "telegram": "the chat's number",
    "ntfy": "the topic",
    "pagerduty": "the integration's routing key",
}
"""What `to` is, where it is needed."""

MARKS: Final = {"critical": "🔴", "warning": "🟠", "info": "🔵"}
COLOURS: Final = {"critical": "Attention", "warning": "Warning", "info": "Accent"}
PRIORITIES: Final = {"critical": 5, "warning": 4, "info": 3}
MOST_TEXT: Final = 4000
MOST_SUMMARY: Final = 1024


def headline(event: Event) -> str:
    """Return the sentence for people, with a sign that is seen from afar."""
    return f"{_mark(event)} {event.message}"[:MOST_TEXT]


def slack(event: Event, _to: str) -> Body:
    """Return a message for an incoming webhook of Slack, where & < > have a meaning."""
    text = headline(event).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": text}


def teams(event: Event, _to: str) -> Body:
    """Return an adaptive card, as a workflow of Teams takes it."""
    colour = COLOURS.get(event.severity, "Default") if event.active else "Good"
    facts = {"Alarm": event.rule, "Sensor": event.sensor, "Severity": event.severity, "Gateway": event.node}
    facts |= {"Raised": event.raised} if event.raised else {}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": headline(event), "wrap": True, "weight": "Bolder", "color": colour},
            {"type": "FactSet", "facts": [{"title": name, "value": value} for name, value in facts.items()]},
        ],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


def ntfy(event: Event, to: str) -> Body:
    """Return a message for an ntfy server."""
    return {
        "topic": to,
        "title": f"{event.rule} {event.event}",
        "message": event.message[:MOST_TEXT],
        "priority": PRIORITIES.get(event.severity, 3) if event.active else 3,
        "tags": [event.severity if event.active else "white_check_mark", event.sensor],
    }


def telegram(event: Event, to: str) -> Body:
    """Return a message of Telegram's `sendMessage`, as plain text."""
    return {"chat_id": to, "text": headline(event)}


def pagerduty(event: Event, to: str) -> Body:
    """Return an event for PagerDuty: one incident for each occurrence, resolved when it is over."""
    return {
        "routing_key": to,
        "event_action": "trigger" if event.active else "resolve",
        "dedup_key": event.id.rpartition(":")[0],
        "payload": {
            "summary": event.message[:MOST_SUMMARY],
            "source": event.node,
            "severity": event.severity,
            "component": event.sensor,
            "class": event.rule,
            "custom_details": {"value": event.value, "unit": event.unit, "raised": event.raised, **event.labels},
        },
    }


SHAPES: Final[Mapping[Preset, Shape]] = {
    "slack": slack,
    "teams": teams,
    "ntfy": ntfy,
    "telegram": telegram,
    "pagerduty": pagerduty,
}


def _mark(event: Event) -> str:
    return MARKS.get(event.severity, "") if event.active else "🟢"
