"""How far pipelines and sinks have come: what a checkpoint remembers of them, beside their state."""

from typing import Final

import msgspec

from gaugeway.engine.burst import Receipt
from gaugeway.engine.pipeline import Pipeline
from gaugeway.log import logger

log = logger(__name__)
PART: Final = "positions"
"""In which part of the store they are."""


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """How far one pipeline has come; `measure` says what the position counts."""

    measure: str
    position: int
    now: float
    receipts: list[Receipt] = []

    @classmethod
    def by(cls, pipeline: Pipeline) -> "Reached":
        """Return how far a pipeline has come by now."""
        recorder = pipeline.recorder
        return cls(
            measure=recorder.measure,
            position=recorder.position,
            now=pipeline.chain.site.clock.now,
            receipts=recorder.remembered(),
        )


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """How far one sink has written."""

    position: object = None
    outbox: tuple[int, int] | None = None


class Positions(msgspec.Struct, kw_only=True):
    """How far all have come, in one part of the checkpoint: if it is damaged nothing is taken back and not replayed.

    Without a journal what is taken back would not come again.
    """

    journal: bool = False
    pipelines: dict[str, Reached] = {}
    sinks: dict[str, Written] = {}

    @classmethod
    def decoded(cls, part: bytes | None) -> "Positions":
        """Return what the store holds of them; none where there is nothing, or nothing that can be understood."""
        if part is not None:
            try:
                return msgspec.msgpack.decode(part, type=cls)
            except msgspec.DecodeError as error:
                log.warning("the checkpoint cannot be understood and is left out", reason=str(error))
        return cls()
