"""The topics that messages came on: which of them are wanted, and what the decoder makes of each."""

from collections.abc import Sequence
from typing import Final

from gaugeway.mqtt import filter_matches
from gaugeway_drivers.decode.payload import Decoder
from gaugeway_drivers.decode.topic import Topic

MOST_TOPICS: Final = 10_000
LONGEST_NAME: Final = 256
"""A longer topic is looked at anew each time, so that the table stays small."""


class Topics:
    """Looks at each topic once, as long as there are not too many: then it begins anew.

    `known` is the table, for those who look into it for every message; None stands for a topic that is not wanted.
    """

    def __init__(self, filters: Sequence[str], decoder: Decoder) -> None:
        self.known: dict[bytes, Topic | None] = {}
        self._filters = filters
        self._decoder = decoder

    def find(self, name: bytes) -> Topic | None:
        """Return a topic; None for one that is not wanted, or that the sensor's name cannot be taken from."""
        return self.known[name] if name in self.known else self._meet(name)

    def _meet(self, name: bytes) -> Topic | None:
        """Look at a topic that was not seen before, or was forgotten because there are too many."""
        if len(self.known) >= MOST_TOPICS:
            self.known.clear()
        try:
            text = name.decode()
        except UnicodeDecodeError:
            return None
        wanted = any(filter_matches(one, text) for one in self._filters)
        topic = self._decoder.topic(text) if wanted else None
        if len(name) <= LONGEST_NAME:
            self.known[name] = topic
        return topic
