"""What comes by mail, on a real server."""

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.sinks.announce.kit import Plant, site
from tests.sinks.announce.servers import Mail, Post
from tests.support.certificates import Authority, needs_openssl

from gaugeway import ConfigError, Quantity, Rule
from gaugeway_sinks.mail import Email, Tls

ANN = "ann@plant.example"


def plant_for(post: Post, *, together: int = 5, subject: str = "{message}") -> Plant[Email]:
    return Plant(
        lambda site: Email(
            host="127.0.0.1",
            port=post.port,
            tls="none",
            sender="gateway@plant.example",
            to=(ANN, "bob@plant.example"),
            subject=subject,
            together=together,
            site=site,
        )
    )


def read(mail: Mail) -> EmailMessage:
    return email.message_from_string(mail.text, policy=email.policy.default)


def test_an_event_is_a_mail() -> None:
    """To all receivers, with what happened in the subject; raise and clear are one conversation."""
    with Post() as post:
        plant = plant_for(post)
        plant.read(86.0, 80.0)
        plant.deliver()
        raised, cleared = map(read, post.mails)
        assert post.mails[0].to == [ANN, "bob@plant.example"]
        assert (raised["Subject"], cleared["Subject"]) == ("t 86 °C, above 85 °C", "t 80 °C, no longer above 85 °C")
        assert raised["References"] == cleared["References"]
        assert raised["Message-ID"] != cleared["Message-ID"]
        assert "Severity:  critical\n" in raised.get_content()
        assert post.connections == 1


def test_many_events_are_one_mail() -> None:
    """Nobody reads fifty mails."""
    with Post() as post:
        plant = plant_for(post, together=2)
        plant.read(86.0, 80.0, 86.0)
        plant.deliver()
        (mail,) = map(read, post.mails)
        assert mail["Subject"] == "t 86 °C, above 85 °C (and 2 more)"
        assert mail.get_content().count("Alarm:     hot") == 3


def test_a_server_in_trouble_is_tried_again() -> None:
    """What it has taken is not sent again."""
    with Post() as post:
        post.answers = {"END": ["451 the disk is full"]}
        plant = plant_for(post)
        plant.read(86.0, 80.0)
        assert plant.fails() == f"mail server 127.0.0.1:{post.port} does not take mail now: it answers 451"
        plant.deliver()
        assert [read(mail)["Subject"][:4] for mail in post.mails] == ["t 86", "t 80"]


def test_nobody_listens() -> None:
    """It is for later."""
    with Post() as post:
        plant = plant_for(post)
    plant.read(86.0)
    assert plant.fails() == f"mail server 127.0.0.1:{post.port} cannot be reached: Connection refused"


def test_what_is_refused_is_left_out() -> None:
    """It does not block what comes after it."""
    with Post() as post:
        post.answers = {"END": ["554 this is spam"]}
        plant = plant_for(post)
        plant.read(86.0, 80.0)
        plant.deliver()
        assert plant.sink.report() == {"left_out": 1, "refusal": ""}, "the second was taken"
        assert [read(mail)["Subject"][:4] for mail in post.mails] == ["t 80"]


def test_a_receiver_who_is_not_known_is_no_reason_to_tell_nobody() -> None:
    """The other one gets it."""
    with Post() as post:
        post.answers = {"RCPT": ["550 who?"]}
        plant = plant_for(post)
        plant.read(86.0)
        plant.deliver()
        assert [mail.to for mail in post.mails] == [["bob@plant.example"]]
        assert plant.sink.report() == {"left_out": 0, "refusal": ""}


def test_no_value_makes_a_header() -> None:
    """A line end in a message is a blank in a subject."""
    rule = Rule(sensor="t", above=Quantity(85, "°C"), labels={}, message="hot\r\nBcc: eve@evil.example\n\nx")
    with Post() as post:
        plant = plant_for(post)
        plant.rules = {"hot": rule}
        plant.restart()
        plant.read(86.0)
        plant.deliver()
        mail = read(post.mails[0])
        assert mail["Subject"] == "hot Bcc: eve@evil.example x"
        assert mail["Bcc"] is None


@needs_openssl
@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_password_goes_over_an_encrypted_line_only(tls: Tls, tmp_path: Path) -> None:
    """Where the certificate is trusted; otherwise nothing is said."""
    authority = Authority(tmp_path)
    with Post(authority.sign("post", "IP:127.0.0.1"), tls=tls == "tls") as post:

        def made(ca_file: Path | None) -> Plant[Email]:
            return Plant(
                lambda site: Email(
                    host="127.0.0.1",
                    port=post.port,
                    tls=tls,
                    username="ann",
                    password="pwsecret",
                    sender=ANN,
                    to=(ANN,),
                    ca_file=ca_file,
                    site=site,
                )
            )

        wary = made(None)
        wary.read(86.0)
        assert "certificate verify failed" in wary.fails()
        plant = made(authority.certificate)
        plant.read(86.0)
        post.answers = {"AUTH": ["535 pwsecret is wrong"]}
        assert plant.fails() == f"mail server 127.0.0.1:{post.port} does not take mail now: it answers 535"
        plant.deliver()
        assert [(mail.user, mail.encrypted) for mail in post.mails] == [("ann pwsecret", True)]


def test_a_server_that_does_not_encrypt_gets_nothing() -> None:
    """Somebody on the way may have taken the offer out."""
    with Post() as post:
        plant = Plant(lambda site: Email(host="127.0.0.1", port=post.port, sender=ANN, to=(ANN,), site=site))
        plant.read(86.0)
        assert plant.fails().endswith("does not take mail now: STARTTLS extension not supported by server.")
        assert post.mails == []


@pytest.mark.parametrize(
    ("host", "sender", "to", "tls", "username", "password", "body", "words"),
    [
        ("http://x", ANN, [ANN], "tls", None, None, "", "'host' is the name of a mail server"),
        ("x", "ann", [ANN], "tls", None, None, "", "'sender': 'ann' is no address"),
        ("x", ANN, ["a@b\nBcc: c@d"], "tls", None, None, "", "'to': 'a@b Bcc: c@d' is no address"),
        ("x", ANN, [], "tls", None, None, "", "'to' needs at least one"),
        ("x", ANN, [ANN], "tls", "ann", None, "", "a password needs its user"),
        ("x", ANN, [ANN], "none", "ann", "x", "", "without encryption everybody"),
        ("x", ANN, [ANN], "tls", None, None, "{nix}", "'body': there is no {nix}"),
    ],
)
def test_what_cannot_work_is_refused(
    *,
    host: str,
    sender: str,
    to: list[str],
    tls: Tls,
    username: str | None,
    password: str | None,
    body: str,
    words: str,
) -> None:
    """When it is made, in words."""
    with pytest.raises(ConfigError, match=words):
        Email(
            host=host,
            sender=sender,
            to=tuple(to),
            tls=tls,
            username=username,
            password=password,
            body=body,
            site=site(),
        )
