"""Rounds a result."""

from collections.abc import Iterator
from typing import Annotated

from gaugeway import Meta, Reading


class Round:
    """Rounds the value, or another result, to a number of decimal places."""

    ticks = "pass"

    def __init__(
        self,
        *,
        digits: Annotated[
            int, Meta(ge=-15, le=15, description="Places after the decimal point; -1 rounds to tens.", examples=[2])
        ] = 2,
        of: Annotated[str, Meta(description="Which result is rounded.", examples=["average"])] = "value",
    ) -> None:
        self._digits = digits
        self._of = of

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Yield every reading, rounded; one that lacks the result goes by."""
        digits, of = self._digits, self._of
        plain = of == "value"
        for reading in stream:
            if reading.sensor:  # a tick has none
                exact = reading.value if plain else reading.get(of)
                if exact is not None:
                    rounded = round(exact, digits) + 0.0  # which turns -0.0 into 0.0
                    if plain:
                        reading.value = rounded
                    else:
                        reading.put(of, rounded)
            yield reading
