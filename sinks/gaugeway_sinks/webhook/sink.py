"""The webhook sink: each event of an alarm is one request, sent until it is answered."""

from collections.abc import Iterator, Mapping, Sequence
from time import monotonic
from typing import Annotated, Final

from msgspec import Meta

from gaugeway import Address, DeviceError, Duration, FilePath, Secret, Site, logger
from gaugeway_sinks.alarms import StaleAfter
from gaugeway_sinks.alarms.alarm.event import Event
from gaugeway_sinks.announce import USUAL, Announcer, Events, Least
from gaugeway_sinks.webhook.body import Body
from gaugeway_sinks.webhook.presets import Preset
from gaugeway_sinks.webhook.target import Target

log = logger(__name__)

LATER: Final = frozenset({408, 425, 429})
NOT_LET_IN: Final = frozenset({401, 403, 404, 407, 410})
"""The address or what proves that we may use it is wrong, for all events alike: somebody can mend that."""

LONGEST_REST: Final = 3600.0
SIGNATURE: Final = "X-Gaugeway-Signature"


class Webhook(Announcer):
    """Tells of alarms by HTTP: one request for each event, in order, tried again until the server has answered."""

    def __init__(
        self,
        *,
        url: Annotated[
            Address,
            Meta(
                description="Where it is sent; user, path and query are never shown.",
                examples=["https://hooks.example/alarms"],
            ),
        ],
        preset: Annotated[
            Preset, Meta(description="How an event looks: as gaugeway's JSON, or as others want it.")
        ] = "json",
        to: Annotated[
            Secret | None,
            Meta(
                description="Telegram: the chat's number; ntfy: the topic; PagerDuty: the routing key.",
                examples=["!secret routing_key"],
            ),
        ] = None,
        template: Annotated[
            str | dict[str, object] | None,
            Meta(
                description="A body of your own, a text or a mapping that is sent as JSON, with gaps like {message}.",
                examples=[{"text": "{sensor}: {message}"}],
            ),
        ] = None,
        headers: Annotated[
            dict[str, str] | None, Meta(description="Sent along with each request.", examples=[{"X-Plant": "north"}])
        ] = None,
        secret: Annotated[
            Secret | None,
            Meta(
                min_length=1,
                description="Signs each body (HMAC-SHA256), in the header X-Gaugeway-Signature.",
                examples=["!secret webhook"],
            ),
        ] = None,
        severity: Least = "info",
        events: Events = USUAL,
        stale_after: StaleAfter = None,
        timeout: Annotated[Duration, Meta(gt=0, le=300, description="How long the server may be silent.")] = 10.0,
        ca_file: Annotated[
            FilePath | None, Meta(description="Whose certificates are trusted (PEM); default: the system's.")
        ] = None,
        verify: Annotated[bool, Meta(description="Check that the certificate is trusted and names the host.")] = True,
        site: Site,
    ) -> None:
        super().__init__(site, severity=severity, events=events, stale_after=stale_after)
        self._target = Target(url, headers=headers or {}, timeout=timeout, ca_file=ca_file, verify=verify)
        self._body = Body(preset, to, template)
        self._secret = None if secret is None else secret.encode()
        self._rest_until = 0.0

    def send(self, events: Sequence[Event]) -> Iterator[int]:
        """Send one request for each."""
        for event in events:
            self._send(event)
            yield 1

    def _send(self, event: Event) -> None:
        """Send one request; what is refused for good is left out, so that it does not block all others."""
        if monotonic() < self._rest_until:
            raise DeviceError(f"{self._target.where} asked to be left alone for a while")
        body = self._body.encode(event)
        answer = self._target.post(body, {"Content-Type": self._body.type, **self._signed(body)})
        if 200 <= answer.status < 300:
            self._taken()
            return
        if answer.status in LATER | NOT_LET_IN or not 400 <= answer.status < 500:
            self._rest_until = monotonic() + min(answer.retry_after, LONGEST_REST)
            raise DeviceError(f"{self._target.where} {_words(answer.status, answer.retry_after)}")
        self._leave_out(f"{self._target.where} answers {answer.status}")
        log.error("webhook refused, event left out", server=self._target.where, status=answer.status, event=event.id)

    def _signed(self, body: bytes) -> Mapping[str, str]:
        if self._secret is None:
            return {}
        import hashlib  # noqa: PLC0415  (4 MB with OpenSSL, for those who sign)
        import hmac  # noqa: PLC0415

        return {SIGNATURE: "sha256=" + hmac.new(self._secret, body, hashlib.sha256).hexdigest()}


def _words(status: int, rest: int) -> str:
    if 300 <= status < 400:
        return f"answers {status} and wants to send us elsewhere, where we do not go: put the new address into 'url'"
    if status in NOT_LET_IN:
        return f"answers {status}: look whether 'url' and what it asks for as a password or token are still right"
    return f"answers {status}" + (f" and asks for {rest} s of rest" if rest else "")
