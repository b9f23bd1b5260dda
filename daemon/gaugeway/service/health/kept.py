"""How it stands with what is kept for a crash: the journals of the sources, and the checkpoints."""

import time
from collections.abc import Iterator

from gaugeway.engine.pipeline import Pipeline
from gaugeway.engine.recorder import Journaled
from gaugeway.service.gateway import Gateway
from gaugeway.service.health import report


def journal(pipeline: Pipeline) -> Iterator[report.Journal]:
    """Yield how the journal of a pipeline is, if it has one."""
    recorder = pipeline.recorder
    if isinstance(recorder, Journaled):
        kept, status = recorder.journal, recorder.status
        yield report.Journal(
            source=pipeline.name,
            state=status.state,
            since=status.since,
            reason=status.reason,
            waiting=max(0, kept.end - recorder.position),
            unkept=recorder.unkept,
            used=kept.used,
            size=kept.size,
            written=kept.bytes_written,
            syncs=kept.syncs,
            failed_syncs=kept.failed_syncs,
            damaged=kept.lost[0],
        )


def checkpoints(gateway: Gateway) -> report.Checkpoints | None:
    """Return how the checkpoints are, once the gateway takes any."""
    taker = gateway.checkpoints
    if taker is None:
        return None
    status, taken_at, store = taker.status, taker.taken_at, taker.storage.store
    return report.Checkpoints(
        state=status.state,
        since=status.since,
        reason=status.reason,
        taken=taker.taken,
        age=None if taken_at is None else time.monotonic() - taken_at,
        set_aside=store.set_aside,
        damaged=store.damaged,
    )
