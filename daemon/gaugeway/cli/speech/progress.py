"""A progress bar for sources that know how far they are: on a terminal only."""

import sys
import threading
import time
from collections.abc import Callable
from typing import Final, Self

from gaugeway.service.gateway import Gateway

REDRAW_EVERY: Final = 0.5
WIDTH: Final = 30

Measure = Callable[[], tuple[int, int]]
"""Tells what is done of a source and what there is in all, in bytes."""


class Progress:
    """Draws one line for all such sources while the block runs."""

    def __init__(self, gateway: Gateway) -> None:
        measures = [getattr(one.intake.source, "progress", None) for one in gateway.pipelines]
        self._measures: list[Measure] = [measure for measure in measures if measure is not None]
        self._meters = [one.chain.intake for one in gateway.pipelines]
        self._ended = threading.Event()
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._keep_drawing, name="progress", daemon=True)
        self._shown = bool(self._measures) and sys.stderr.isatty()

    def __enter__(self) -> Self:
        if self._shown:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._shown:
            self._thread.join()
            self._draw()
            print(file=sys.stderr)

    def _keep_drawing(self) -> None:
        while not self._ended.wait(REDRAW_EVERY):
            self._draw()

    def _draw(self) -> None:
        done, whole = map(sum, zip(*(measure() for measure in self._measures), strict=True))
        share = done / whole if whole else 1.0
        seconds = time.monotonic() - self._began
        readings = sum(meter.timed for meter in self._meters)
        left = f"{seconds / share - seconds:,.0f} s left" if 0 < share < 1 else f"{seconds:,.0f} s"
        bar = "█" * round(share * WIDTH)
        line = f"\r{share:>4.0%} {bar:<{WIDTH}} {readings:>12,} readings  {readings / (seconds or 1):>9,.0f}/s  {left}"
        print(f"{line:<79}", end="", file=sys.stderr, flush=True)
