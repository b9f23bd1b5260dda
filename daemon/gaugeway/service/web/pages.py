"""What can be read over HTTP, made at most once a second however often it is asked for."""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from gaugeway.contain import Contained, in_words
from gaugeway.log import logger
from gaugeway.service.health.health import Health
from gaugeway.service.health.report import Report, as_json
from gaugeway.service.web import exposition
from gaugeway.service.web.metrics import metrics
from gaugeway.service.web.request import Page, refusal

log = logger(__name__)

FRESH: Final = 1.0


class Pages:
    """The pages that the configuration has switched on."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._made: dict[str, tuple[float, Page]] = {}

    def page(self, path: str) -> Page:
        """Return the page at a path."""
        make = self._there_is().get(path)
        if make is None:
            return refusal(404, "there is nothing here")
        made_at, page = self._made.get(path, (0.0, None))
        if page is None or time.monotonic() - made_at >= FRESH:
            page = self._new(make)
            self._made[path] = time.monotonic(), page
        return page

    def _there_is(self) -> dict[str, Callable[[Report], Page]]:
        http = self._health.gateway.plan.http
        found: dict[str, Callable[[Report], Page]] = {}
        if http is not None and http.metrics:
            found["/metrics"] = _metrics
        if http is not None and http.health:
            found["/health"] = _health
        return found

    def _new(self, make: Callable[[Report], Page]) -> Page:
        with Contained() as fault:  # a report looks into parts that others wrote
            return make(self._health.now())
        reason = in_words(fault.error or RuntimeError())
        log.error("a page could not be made", reason=reason, error=fault.error)
        return refusal(500, "that failed, the log says why")


def _metrics(report: Report) -> Page:
    return Page(200, exposition.written(metrics(report)), exposition.KIND)


def _health(report: Report) -> Page:
    status = 200 if report.state == "well" else 503
    return Page(status, msgspec.json.format(as_json(report), indent=2) + b"\n", "application/json")
