"""Alarms by HTTP: to a program of one's own, to chats, phones and on-call services."""

from gaugeway_sinks.webhook.sink import Webhook

__all__ = ["Webhook"]
