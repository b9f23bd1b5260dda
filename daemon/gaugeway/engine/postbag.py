"""What a sink has for the network, on its way from the sink to its outbox."""

from collections.abc import Sequence
from typing import Protocol

from gaugeway.contract import Urgent


class Messages(Protocol):
    """Takes the messages that a sink has for the network: an outbox."""

    def put(self, messages: Sequence[bytes], *, sync: bool = False) -> None:
        """Keep them until they are delivered; with `sync` they are on disk when this returns."""
        ...

    def close(self) -> None:
        """Deliver what can be delivered in a moment, and end."""
        ...


class Postbag:
    """Holds the `messages` of a sink until the outbox has taken them; what any other sink says is its own affair."""

    def __init__(self, outbox: Messages | None) -> None:
        self.outbox = outbox
        self.messages: list[bytes] = []

    def add(self, said: Sequence[bytes]) -> None:
        """Take in what a sink has said."""
        if self.outbox is not None:
            self.messages += said

    def empty(self) -> None:
        """Put all into the outbox, alarms first and on disk; what it does not take stays here."""
        messages, outbox = self.messages, self.outbox
        if outbox is not None:
            urgent = [message for message in messages if isinstance(message, Urgent)]
            if urgent:
                outbox.put(urgent, sync=True)
                messages[:] = [message for message in messages if not isinstance(message, Urgent)]
            outbox.put(messages)
        messages.clear()
