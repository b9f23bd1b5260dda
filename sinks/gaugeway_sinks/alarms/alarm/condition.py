"""The first axis of an alarm: normal, pending, active, clearing."""

from typing import Literal

import msgspec

State = Literal["normal", "pending", "active", "clearing"]
Step = Literal["", "pending", "dropped", "raised", "clearing", "returned", "cleared"]


class Delays(msgspec.Struct, frozen=True, gc=False):
    """How long a crossing has to hold before the alarm is raised, and its end before it is cleared."""

    raising: float = 0.0
    clearing: float = 0.0


class Condition(msgspec.Struct, omit_defaults=True):
    """Where one alarm stands between normal and active; `due` is when the running delay ends, in the sensor's time.

    Each call returns the step that was taken. A latched alarm does not clear by itself: it waits, clearing, with no
    delay running, until it is let go.
    """

    state: State = "normal"
    due: float | None = None

    @property
    def raised(self) -> bool:
        """Whether the alarm stands: active, or active until it has been well for long enough."""
        return self.state in ("active", "clearing")

    @property
    def latched(self) -> bool:
        """Whether only an acknowledgement is missing for it to clear."""
        return self.state == "clearing" and self.due is None

    def see(self, time: float, delays: Delays, *, crossed: bool, latch: bool) -> Step:
        """Take in one sample."""
        if self.state in ("pending", "clearing"):
            goes_on = crossed == (self.state == "pending")
            return self.pass_to(time, latch=latch) if goes_on else self._go_back()
        if crossed == self.raised:
            return ""
        if crossed:
            return self._wait("pending", time + delays.raising) if delays.raising else self._raise()
        return self._wait("clearing", time + delays.clearing) if delays.clearing else self._clear(latch=latch)

    def pass_to(self, time: float, *, latch: bool) -> Step:
        """Take in that time has passed."""
        if self.due is None or time < self.due:
            return ""
        return self._raise() if self.state == "pending" else self._clear(latch=latch)

    def raise_now(self) -> Step:
        """Raise without a delay."""
        if self.state == "clearing":
            return self._go_back()
        return "" if self.state == "active" else self._raise()

    def clear_now(self, *, latch: bool) -> Step:
        """Clear without a delay."""
        if self.state == "pending":
            return self._go_back()
        return self._clear(latch=latch) if self.raised and not self.latched else ""

    def let_go(self) -> Step:
        """Clear if only an acknowledgement was missing."""
        return self._become("normal", "cleared") if self.latched else ""

    def _go_back(self) -> Step:
        return self._become("normal", "dropped") if self.state == "pending" else self._become("active", "returned")

    def _raise(self) -> Step:
        return self._become("active", "raised")

    def _clear(self, *, latch: bool) -> Step:
        return self._become("clearing", "clearing") if latch else self._become("normal", "cleared")

    def _wait(self, state: Literal["pending", "clearing"], until: float) -> Step:
        self.state, self.due = state, until
        return state

    def _become(self, state: State, step: Step) -> Step:
        self.state, self.due = state, None
        return step
