"""How long to wait before the next try: twice as long each time, up to a limit, never all at the same moment."""

from gaugeway.plan import Retry


class Backoff:
    """The waiting times of one thing that fails; `reset` when it works again."""

    def __init__(self, retry: Retry) -> None:
        self.retry = retry
        self.failures = 0

    def next(self) -> float:
        """Count one more failure and return the seconds to wait: between half of the full time and all of it."""
        from random import random  # noqa: PLC0415  (a millisecond, which what never fails does without)

        full = min(self.retry.most, self.retry.first * 2.0 ** min(self.failures, 60))
        self.failures += 1
        return full * (0.5 + random() / 2)  # noqa: S311  (spreads load, hides nothing)

    def reset(self) -> None:
        """Begin again with the shortest time."""
        self.failures = 0
