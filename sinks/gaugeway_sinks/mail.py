"""Alarms by e-mail."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta

from gaugeway import ConfigError, DeviceError, Duration, FilePath, Secret, Site, logger, trusting
from gaugeway_sinks.alarms import StaleAfter
from gaugeway_sinks.alarms.alarm.event import Event
from gaugeway_sinks.announce import USUAL, Announcer, Events, Least, Template

if TYPE_CHECKING:
    from email.message import EmailMessage
    from smtplib import SMTP

log = logger(__name__)

Tls = Literal["starttls", "tls", "none"]
PORTS: Final[dict[Tls, int]] = {"starttls": 587, "tls": 465, "none": 25}
ADDRESS: Final = re.compile(r"[!#-'*+\-./-9=?A-Z^-~]+@[A-Za-z0-9.\-]+")
HOST: Final = re.compile(r"[A-Za-z0-9.:_\-]+")
AT_HOME: Final = frozenset({"localhost", "127.0.0.1", "::1"})
FOR_GOOD: Final = frozenset(range(500, 600)) - {530, 534, 535, 538}
"""What a server will answer next time too; the others mean that the user is not let in, which somebody can mend."""
MOST_SUBJECT: Final = 200
SUBJECT: Final = "[{node}] {severity}: {message}"
BODY: Final = """{message}

Alarm:     {rule}
Event:     {event}
Severity:  {severity}
Sensor:    {sensor}
Value:     {value} {unit}
Raised:    {raised}
Cleared:   {cleared}
Told at:   {emitted}
Identity:  {id}
"""


class Email(Announcer):
    """Tells of alarms by e-mail: a mail for each event, or one for all where many have come together."""

    def __init__(
        self,
        *,
        host: Annotated[str, Meta(description="The mail server.", examples=["mail.example"])],
        port: Annotated[
            int | None, Meta(ge=1, le=65535, description="Its port; by default 587, with `tls: tls` 465, without 25.")
        ] = None,
        tls: Annotated[
            Tls, Meta(description="Encrypt after the greeting (starttls), from the start (tls), or not at all.")
        ] = "starttls",
        username: Annotated[str | None, Meta(description="The user, where the server wants one.")] = None,
        password: Annotated[
            Secret | None, Meta(description="The password of the user.", examples=["!secret mail"])
        ] = None,
        sender: Annotated[str, Meta(description="Whom it is from.", examples=["gateway@plant.example"])],
        to: Annotated[
            tuple[str, ...], Meta(min_length=1, description="Whom it is for.", examples=[["ann@plant.example"]])
        ],
        subject: Annotated[str, Meta(description="The subject, with gaps like {message}.")] = SUBJECT,
        body: Annotated[str, Meta(description="The text, with gaps like {message}.")] = BODY,
        together: Annotated[
            int, Meta(ge=1, description="When more events than this wait at once, one mail tells of all of them.")
        ] = 5,
        severity: Least = "info",
        events: Events = USUAL,
        stale_after: StaleAfter = None,
        timeout: Annotated[Duration, Meta(gt=0, le=300, description="How long the server may be silent.")] = 20.0,
        ca_file: Annotated[
            FilePath | None, Meta(description="Whose certificates are trusted (PEM); default: the system's.")
        ] = None,
        site: Site,
    ) -> None:
        super().__init__(site, severity=severity, events=events, stale_after=stale_after)
        self._host, self._port, self._tls = host, port or PORTS[tls], tls
        self._username, self._password = username, password
        self._sender, self._to = sender, to
        self._subject, self._text = Template("subject", subject), Template("body", body)
        self._together = together
        self._timeout = timeout
        self._ca_file = ca_file
        self._check()

    def send(self, events: Sequence[Event]) -> Iterator[int]:
        """Send mails over one connection: one for each event, or one for all."""
        from smtplib import SMTPException, SMTPResponseException  # noqa: PLC0415  (only who sends loads it)

        size = len(events) if len(events) > self._together else 1
        try:
            with self._connection() as connection:
                for start in range(0, len(events), size):
                    part = events[start : start + size]
                    self._send(connection, part)
                    yield len(part)
        except SMTPResponseException as error:
            raise DeviceError(f"{self._where} does not take mail now: {_words(error.smtp_code)}") from None
        except SMTPException as error:  # in smtplib's own words, none of the server's
            raise DeviceError(f"{self._where} does not take mail now: {error}") from None
        except OSError as error:
            raise DeviceError(f"{self._where} cannot be reached: {error.strerror or type(error).__name__}") from None

    def _send(self, connection: "SMTP", events: Sequence[Event]) -> None:
        """Send one mail; what is refused for good is left out, so that it does not block all others."""
        from smtplib import SMTPRecipientsRefused, SMTPResponseException  # noqa: PLC0415  (only who sends loads it)

        try:
            refused = connection.send_message(self.mail(events), self._sender, self._to)
        except SMTPRecipientsRefused as error:
            self._refused({code for code, _ in error.recipients.values()}, events)
        except SMTPResponseException as error:
            self._refused({error.smtp_code}, events)
        else:
            self._taken()
            for address, (code, _) in refused.items():
                log.warning("mail server refuses a receiver", server=self._where, to=address, status=code)

    def mail(self, events: Sequence[Event]) -> "EmailMessage":
        """Return the mail that tells of these events; those of one occurrence are one conversation."""
        from email.message import EmailMessage  # noqa: PLC0415  (only who sends loads it)
        from email.utils import formatdate  # noqa: PLC0415

        first = events[0]
        mail = EmailMessage()
        more = f" (and {len(events) - 1} more)" if len(events) > 1 else ""
        mail["Subject"] = _one_line(self._subject.fill(first))[:MOST_SUBJECT] + more
        mail["From"], mail["To"] = self._sender, ", ".join(self._to)
        mail["Date"] = formatdate()
        mail["Message-ID"] = self._identity(first.id)
        mail["References"] = self._identity(first.id.rpartition(":")[0])
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content("\n\n".join(self._text.fill(event).strip() for event in events) + "\n")
        return mail

    def _connection(self) -> "SMTP":
        """Return a connection on which mail can be sent: encrypted and logged in as it is configured."""
        from smtplib import SMTP, SMTP_SSL  # noqa: PLC0415  (only who sends loads it)

        if self._tls == "none":
            connection = SMTP(self._host, self._port, timeout=self._timeout)
        elif self._tls == "tls":
            context = trusting(self._ca_file)
            connection = SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
        else:
            connection = SMTP(self._host, self._port, timeout=self._timeout)
        try:
            if self._tls == "starttls":
                connection.starttls(context=trusting(self._ca_file))
            if self._username is not None:
                connection.login(self._username, self._password or "")
        except OSError:  # which all errors of smtplib are, too
            connection.close()
            raise
        return connection

    def _refused(self, codes: set[int], events: Sequence[Event]) -> None:
        """Take note of a refusal, unless it can be another one later: then that is an error."""
        if not codes <= FOR_GOOD:
            raise DeviceError(f"{self._where} does not take mail now: {_words(*codes)}")
        self._leave_out(f"{self._where} does not take the mail: {_words(*codes)}", len(events))
        identities = " ".join(event.id for event in events)
        log.error("mail refused, left out", server=self._where, status=_words(*codes), event=identities)

    def _identity(self, identity: str) -> str:
        """Return an id for a mail, the same one when it has to be sent again."""
        import hashlib  # noqa: PLC0415  (only who sends loads it)

        return f"<{hashlib.sha256(identity.encode()).hexdigest()[:32]}@{self._sender.rpartition('@')[2]}>"

    @property
    def _where(self) -> str:
        return f"mail server {self._host}:{self._port}"

    def _check(self) -> None:
        """Raise ConfigError for what no mail server could do."""
        if not HOST.fullmatch(self._host):
            raise ConfigError("'host' is the name of a mail server and nothing else, like mail.example")
        for option, address in (("sender", self._sender), *(("to", one) for one in self._to)):
            if not ADDRESS.fullmatch(address):
                raise ConfigError(f"'{option}': '{_one_line(address)}' is no address like ann@plant.example")
        if not self._to:
            raise ConfigError("'to' needs at least one address")
        if (self._username is None) != (self._password is None):
            raise ConfigError("a password needs its user, and a user a password: add 'username' or 'password'")
        if self._tls == "none" and self._password is not None and self._host not in AT_HOME:
            raise ConfigError("'tls': without encryption everybody on the way could read the password: write starttls")
        if self._ca_file is not None and self._tls == "none":
            raise ConfigError("'ca_file' is of use on an encrypted connection only: write 'tls: starttls'")
        if self._ca_file is not None and not self._ca_file.is_file():
            raise ConfigError(f"'ca_file': there is no file {self._ca_file}")


def _one_line(text: str) -> str:
    """Return a text without line ends, which in a header would begin another one."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _words(*codes: int) -> str:
    return ", ".join(f"it answers {code}" for code in sorted(codes))
