"""Signs of life: the quality of readings, and their absence. Any good reading is a good sign."""

from typing import Final

from gaugeway_sinks.alarms.crossing import EVERYTHING, Forgetful, Terms

QUALITIES: Final = ("good", "uncertain", "bad", "stale")
RANKS: Final = {quality: rank for rank, quality in enumerate(QUALITIES)}


class Quality(Forgetful):
    """A reading of this quality or worse. What is handed in as the value is the rank of the quality."""

    def __init__(self, quality: str, unit: str) -> None:
        self.terms = Terms("quality", quality, unit)
        self.found = quality
        self._rank = RANKS[quality]

    def crossed(self, value: float, _time: float, _raised: bool, /) -> bool | None:
        """Compare the ranks."""
        self.found = QUALITIES[int(value)]
        return value >= self._rank

    def worse(self, _value: float, _peak: float, /) -> bool:
        """Leave the first value as the peak: values say nothing here."""
        return False

    def calm(self) -> tuple[float, float]:
        """Return everything: a reading that is not good is looked at anyhow."""
        return EVERYTHING


class Silent(Forgetful):
    """No usable reading for so long. What is handed in as the value is the length of the silence."""

    def __init__(self, seconds: float) -> None:
        self.terms = Terms("stale", seconds, "s")
        self._seconds = seconds

    def crossed(self, value: float, _time: float, _raised: bool, /) -> bool | None:
        """Compare the silence."""
        self.measured = value
        return value >= self._seconds

    def worse(self, value: float, peak: float, /) -> bool:
        """Take the longer for the worse."""
        return value > peak

    def calm(self) -> tuple[float, float]:
        """Return everything: while there is no silence, any value will do."""
        return EVERYTHING
