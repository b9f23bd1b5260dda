"""The alarms of all sinks that raise some: how they stand, and orders for them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, Protocol, TypeGuard

from gaugeway.engine.outlet import Outlet
from gaugeway.service.control.peers import Peer
from gaugeway.service.control.requests import AlarmsOf, Listed, Order, Said
from gaugeway.service.health.moment import Moment, Speechless

REFUSED = 1
USAGE = 2
UNKNOWN = "there is no alert"
DONE: Final = {
    "ack": ("is acknowledged", "needs no acknowledgement"),
    "shelve": ("is shelved", "is shelved already"),
    "unshelve": ("may speak again", "is not shelved"),
    "out_of_service": ("is out of service", "is out of service already"),
    "in_service": ("is back in service", "is in service already"),
}
"""What is so once an order was carried out, and what was so where it changed nothing."""


class Alarming(Protocol):
    """A sink that raises alarms. All of it may be called from any thread."""

    def alarms(self) -> Sequence[Mapping[str, object]]:
        """Return how every alarm stands; its `key` is what orders call it."""
        ...

    def history(self, most: int) -> Sequence[Mapping[str, object]]:
        """Return up to so many of the latest events, the oldest first."""
        ...

    def order(self, command: Mapping[str, object], reply: Callable[[Mapping[str, object]], None]) -> None:
        """Take a command in; `reply` is told whether it is `ok` and `changed` anything, or the `error`."""
        ...


def _raises_alarms(sink: object) -> TypeGuard[Alarming]:
    return all(hasattr(sink, name) for name in ("alarms", "history", "order"))


class Alarms:
    """Those among the sinks of a gateway that raise alarms, asked and told together.

    What they are asked they may have to read, or wait for another thread of theirs that hangs in a file: each is given
    a moment for it.
    """

    def __init__(self, outlets: Iterable[Outlet], moment: Moment) -> None:
        self._moment = moment
        self._sinks = {outlet.use.id: sink for outlet in outlets if _raises_alarms(sink := outlet.sink)}

    def listed(self, request: AlarmsOf) -> Listed:
        """Return how they stand, or what happened last; `Speechless` names one that does not say it."""
        found = ((name, self._ask(name, sink, request.history)) for name, sink in self._sinks.items())
        return Listed([{"sink": name, **one} for name, some in found for one in some])

    def _ask(self, name: str, sink: Alarming, most: int) -> Sequence[Mapping[str, object]]:
        tell = partial(sink.history, most) if most > 0 else sink.alarms
        try:
            return self._moment.ask(f"alarms of {name}", tell)
        except Speechless as fault:
            raise Speechless(f"sink '{name}' cannot tell of its alarms: {fault}") from None

    def tell(self, request: Order, peer: Peer, reply: Callable[[Said], None]) -> Said | None:
        """Hand an order on, to be answered through `reply` when it is carried out; return why that cannot be."""
        sink = self._sinks.get(request.sink)
        if sink is None:
            return Said(error=f"there is no sink '{request.sink}' that raises alarms", code=USAGE)
        command: dict[str, object] = {"alert": request.alert, "cmd": request.cmd, "by": request.by or peer.name}
        more: dict[str, object] = {"occurrence": request.occurrence, "for": request.for_, "comment": request.comment}
        command |= {name: said for name, said in more.items() if said not in (None, "")}
        sink.order(command, lambda result: reply(_in_words(result, request.for_)))
        return None


def _in_words(result: Mapping[str, object], lasting: str | None) -> Said:
    error = result.get("error")
    if error:
        return Said(error=str(error), code=USAGE if str(error).startswith(UNKNOWN) else REFUSED)
    alert, order = str(result.get("alert")), str(result.get("cmd"))
    done, so_before = DONE.get(order, (order, f"{order}: nothing to do"))
    if not result.get("changed"):
        return Said(text=f"{alert} {so_before}")
    occurrence = f" (occurrence {result['occurrence']})" if result.get("occurrence") and order == "ack" else ""
    return Said(text=f"{alert} {done}{f' for {lasting}' if lasting else ''}{occurrence}, by {result.get('by')}")
