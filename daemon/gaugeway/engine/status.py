"""What a part of the gateway is doing, since when, and why: written where it happens, read by `health`."""

import time
from typing import Literal

State = Literal["starting", "running", "waiting", "ended", "failed", "stopped"]


class Status:
    """The state of one source, sink or pipeline."""

    __slots__ = ("reason", "retry_at", "since", "state")

    def __init__(self) -> None:
        self.state: State = "starting"
        self.since = time.time()
        self.reason = ""
        self.retry_at: float | None = None

    def become(self, state: State, reason: str = "", *, retry_in: float | None = None) -> bool:
        """Note a state; tell whether it is another one than before."""
        changed = state != self.state
        if changed:
            self.since = time.time()
        self.state, self.reason = state, reason
        self.retry_at = None if retry_in is None else time.time() + retry_in
        return changed

    def as_dict(self) -> dict[str, object]:
        """Return it as `health` shows it."""
        shown: dict[str, object] = {"state": self.state, "since": round(self.since, 3)}
        if self.reason:
            shown["reason"] = self.reason
        if self.retry_at is not None:
            shown["retry_at"] = round(self.retry_at, 3)
        return shown
