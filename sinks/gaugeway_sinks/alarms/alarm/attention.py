"""The second axis of an alarm: whether somebody has taken notice of its present occurrence."""

import msgspec


class Attention(msgspec.Struct, omit_defaults=True):
    """Acknowledged or not, and when to remind; a new occurrence asks for attention anew."""

    acked: bool = True
    by: str | None = None
    remind_at: float | None = None

    def ask(self, remind_at: float | None) -> None:
        """Ask for attention: a new occurrence was raised."""
        self.acked, self.by, self.remind_at = False, None, remind_at

    def give(self, by: str) -> None:
        """Take in that somebody has acknowledged it."""
        self.acked, self.by, self.remind_at = True, by, None
