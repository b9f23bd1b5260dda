"""The model of one alarm, written down as plainly as it can be: whole seconds, one variable for each thing it knows.

The rule is: above 10, cleared below 8, with delays, latch and reminders as chosen, inhibited by another rule.
"""

from typing import Literal

import msgspec

from gaugeway.rule import OnGap

STALE_AFTER = 5


class Chosen(msgspec.Struct, frozen=True):
    """What the rule says."""

    raising: int
    clearing: int
    latch: bool
    remind: int | None
    on_gap: OnGap


class Model:
    """Says what is to be said. `events` are words with what the event has to show of the three axes."""

    def __init__(self, chosen: Chosen) -> None:
        self.chosen = chosen
        self.now = 0
        self.fired = 0
        self.events: list[tuple[str, int, str, bool, str | None, bool]] = []
        self.state: Literal["normal", "pending", "active", "clearing"] = "normal"
        self.due: int | None = None
        self.left: int | None = None
        self.latched = False
        self.heard = {"t": 0, "link": 0}
        self.silent = {"t": False, "link": False}
        self.occurrence = 0
        self.told = 0
        self.acked = True
        self.remind_at: int | None = None
        self.shelved_until: int | None = None
        self.out = False
        self.link_down = False

    # what happens

    def to(self, now: int) -> None:
        """Time has passed; what was due before this second happens."""
        self.now = now
        while self.fired < now - 1:
            self.fired += 1
            self._fire(self.fired)

    def settle(self) -> None:
        """What is due in this second happens, after what came in it."""
        self.fired = self.now
        self._fire(self.now)

    def sample(self, value: float) -> None:
        """The sensor says something usable."""
        self.heard["t"] = self.now
        if self.silent["t"]:
            self.silent["t"] = False
            if self.left is not None:
                self.due, self.left = self.now + self.left, None
            self._condition("recovered")
        raised = self.state in ("active", "clearing")
        self._judge(value >= (8 if raised else 10))

    def link(self, value: float) -> None:
        """The sensor of the inhibiting rule says something."""
        self.heard["link"], self.silent["link"] = self.now, False
        before, self.link_down = self.link_down, value > 0
        if self.link_down and not before and not self.out and self.shelved_until is None and self.raised:
            self._say("inhibited")
        if before and not self.link_down:
            self._released("resumed" if self.raised else None)

    def ack(self, occurrence: int) -> None:
        """Somebody acknowledges."""
        if occurrence == self.occurrence and not self.acked:
            self.acked, self.remind_at = True, None
            self._say("acked")
            if self.latched:
                self._clear()

    def shelve(self, seconds: int) -> None:
        """Somebody shelves it."""
        self.shelved_until = self.now + seconds
        self._say("shelved")

    def unshelve(self) -> None:
        """Somebody, or the time, unshelves it."""
        if self.shelved_until is not None:
            self.shelved_until = None
            self._say("unshelved")
            self._released(None)

    def take_out(self) -> None:
        """Somebody takes it out of service."""
        if not self.out:
            self.out = True
            self._say("shelved")

    def put_back(self) -> None:
        """Somebody puts it back."""
        if self.out:
            self.out = False
            self._say("unshelved")
            self._released(None)

    # what follows from it

    @property
    def raised(self) -> bool:
        return self.state in ("active", "clearing")

    @property
    def suppressed(self) -> str | None:
        if self.out:
            return "out_of_service"
        if self.shelved_until is not None:
            return "shelved"
        return "inhibited" if self.link_down else None

    def _fire(self, second: int) -> None:
        if self.due is not None and self.due <= second:
            self._raise(second) if self.state == "pending" else self._clear_or_latch()
        if self.shelved_until is not None and self.shelved_until <= second:
            self.unshelve()
        if self.remind_at is not None and self.remind_at <= second:
            assert self.chosen.remind is not None
            self.remind_at = second + self.chosen.remind
            self._condition("reminded")
        for sensor in ("link", "t"):
            if not self.silent[sensor] and self.heard[sensor] + STALE_AFTER <= second:
                self.silent[sensor] = True
                if sensor == "t":
                    self._gap(second)

    def _gap(self, second: int) -> None:
        if self.due is not None:
            self.left, self.due = self.due - second, None
        self._condition("stale")
        if self.chosen.on_gap == "raise":
            if self.state in ("normal", "pending"):
                self._raise(second)
            else:
                self._become("active")
        if self.chosen.on_gap == "clear":
            if self.state == "pending":
                self._become("normal")
            elif self.raised and not self.latched:
                self._clear_or_latch()

    def _judge(self, crossed: bool) -> None:
        over = self.due is not None and self.due <= self.now
        if self.state == "normal" and crossed:
            if not self._wait("pending", self.chosen.raising):
                self._raise(self.now)
        elif self.state == "pending":
            if not crossed:
                self._become("normal")
            elif over:
                self._raise(self.now)
        elif self.state == "active" and not crossed:
            if not self._wait("clearing", self.chosen.clearing):
                self._clear_or_latch()
        elif self.state == "clearing":
            if crossed:
                self._become("active")
            elif over:
                self._clear_or_latch()

    def _wait(self, state: Literal["pending", "clearing"], seconds: int) -> bool:
        if seconds:
            self.state, self.due = state, self.now + seconds
        return bool(seconds)

    def _become(self, state: Literal["normal", "active"]) -> None:
        self.state, self.due, self.left, self.latched = state, None, None, False

    def _raise(self, second: int) -> None:
        self._become("active")
        self.occurrence += 1
        self.acked = False
        self.remind_at = second + self.chosen.remind if self.chosen.remind else None
        self._condition("raised")

    def _clear_or_latch(self) -> None:
        if self.chosen.latch and not self.acked:
            self.state, self.due, self.left, self.latched = "clearing", None, None, True
        else:
            self._clear()

    def _clear(self) -> None:
        self._become("normal")
        self.remind_at = None
        self._condition("cleared")

    def _condition(self, word: str) -> None:
        if self.suppressed is None:
            if word == "raised":
                self.told = self.occurrence
            if word == "cleared":
                self.told = 0
            self._say(word)

    def _released(self, otherwise: str | None) -> None:
        if self.suppressed is not None:
            return
        if self.raised and self.told != self.occurrence:
            self._condition("raised")
        elif self.told and not self.raised:
            self._condition("cleared")
        elif otherwise is not None:
            self._say(otherwise)

    def _say(self, word: str) -> None:
        self.events.append((word, self.occurrence, self.state, self.acked, self.suppressed, self.silent["t"]))
