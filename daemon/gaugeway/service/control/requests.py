"""What can be asked over the control socket, and what is answered: one JSON object a line, both ways.

Every request names itself in `ask` and gets one line back. Only a tap gets more: a line for each reading, until the
asker hangs up. A request that cannot be met is answered with `{"error": "...", "code": n}`, where `code` is the exit
code that a command should end with.
"""

import msgspec


class Request(msgspec.Struct, frozen=True, tag_field="ask", tag=str.lower):
    """Any request."""


class Ping(Request, frozen=True):
    """Ask whether it is there."""


class HealthOf(Request, frozen=True, tag="health"):
    """Ask how it is: for the whole report, or for a text for people in so many columns."""

    text: bool = False
    color: bool = False
    width: int = 80


class Check(Request, frozen=True):
    """Ask whether a restart could go over to what the configuration file says now."""


class Reload(Request, frozen=True):
    """Go over to what the configuration file says now; if that is wrong, go on as before."""


class Stop(Request, frozen=True):
    """Stop; answered when everything is safely on disk."""


class Flags(Request, frozen=True):
    """Ask which feature flags there are, and which are on."""


class Switch(Request, frozen=True):
    """Switch a feature flag."""

    name: str
    on: bool


class AlarmsOf(Request, frozen=True, tag="alarms"):
    """Ask how every alarm stands, or, with `history`, for so many of the latest events."""

    history: int = 0


class Order(Request, frozen=True, rename={"for_": "for"}):
    """Tell the alarm `alert` of the sink `sink` something; answered when it is carried out, or refused.

    `by` is who says so; if it says nothing, that is the user who asks.
    """

    sink: str
    alert: str
    cmd: str
    by: str = ""
    occurrence: int | None = None
    for_: str | None = None
    comment: str = ""


class Tapping(Request, frozen=True, tag="tap"):
    """Show the readings at a point, `source` or `source/stage`: of some sensors, or where `value>80` holds."""

    at: str
    sensor: str = "*"
    where: str = ""


class Said(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An answer in words."""

    text: str = ""
    code: int = 0
    error: str = ""


class Pong(msgspec.Struct, frozen=True):
    """Says that it is here, and whether everything has been started."""

    pid: int
    version: str
    node: str
    ready: bool


class Listed(msgspec.Struct, frozen=True):
    """Alarms or their events, each with the name of the `sink` that it belongs to."""

    found: list[dict[str, object]]


class Switches(msgspec.Struct, frozen=True):
    """The feature flags."""

    flags: dict[str, bool]


AnyRequest = Ping | HealthOf | Check | Reload | Stop | Flags | Switch | AlarmsOf | Order | Tapping
REQUESTS = msgspec.json.Decoder(AnyRequest)
ANSWERS = msgspec.json.Encoder()
