"""What counts as crossing: one small class for each way of comparing, with the hysteresis inside.

Raising is inclusive, clearing strict. Whether the alarm is raised is told by the alarm; only `Rate` and `Stuck`, which
have to know what was before, remember anything.
"""

import math
from typing import Final, Protocol

import msgspec

INF: Final = math.inf
EVERYTHING: Final = (-INF, INF)
NOTHING: Final = (INF, -INF)


class Terms(msgspec.Struct, frozen=True):
    """What is compared with what, as it is told to people."""

    op: str
    threshold: float | str | tuple[float, float]
    unit: str
    clear_at: float | None = None


class Crossing(Protocol):
    """One way of comparing."""

    terms: Terms

    @property
    def measured(self) -> float | None:
        """What was compared last: for a rate that is not the reading's value."""
        ...

    def crossed(self, value: float, time: float, raised: bool, /) -> bool | None:
        """Tell whether this value stands for an alarm, given that one is raised or not; None where it cannot tell."""
        ...

    def worse(self, value: float, peak: float, /) -> bool:
        """Tell whether one measured value is further out than another."""
        ...

    def calm(self) -> tuple[float, float]:
        """Return the open interval of values that change nothing while no alarm is raised."""
        ...

    def forget(self) -> None:
        """Forget what was before, because the sensor was silent."""
        ...

    def save(self) -> list[float] | None:
        """Return what has to be remembered over a restart, if anything."""
        ...

    def restore(self, saved: list[float]) -> None:
        """Take it back."""
        ...


class Forgetful:
    """Gives a comparison that looks at the present value only its empty memory."""

    measured: float | None = None

    def forget(self) -> None:
        """Do nothing: nothing is remembered."""

    def save(self) -> list[float] | None:
        """Return nothing: nothing is remembered."""
        return None

    def restore(self, saved: list[float]) -> None:
        """Do nothing: nothing was remembered."""
