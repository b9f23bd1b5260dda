"""What an intake is asked for by its tests."""

from collections.abc import Callable
from contextlib import closing

from gaugeway import Reading
from gaugeway.engine.burst import Burst
from gaugeway.engine.intake import Intake


def all_of(into: Intake) -> list[Reading]:
    return [reading for burst in into.bursts() for reading in burst.readings]


def first_burst(into: Intake, wanted: Callable[[Burst], bool]) -> Burst:
    """Return the first burst of a kind, with the source still open."""
    with closing(into.bursts()) as bursts:
        return next(burst for burst in bursts if wanted(burst))
