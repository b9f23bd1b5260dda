"""What comes by HTTP, on a real server."""

import hashlib
import hmac
import logging
import socket
from pathlib import Path
from typing import cast

import msgspec
import pytest
from tests.sinks.announce.kit import Plant, site
from tests.sinks.announce.servers import Hook
from tests.support.brokers import free_port
from tests.support.certificates import Authority, needs_openssl

from gaugeway import ConfigError
from gaugeway_sinks.alarms.alarm.event import Event
from gaugeway_sinks.webhook import Webhook
from gaugeway_sinks.webhook.presets import Preset

PATHS = "/bot123:tgsecret/send?key=querysecret"


def plant_for(url: str, preset: Preset = "json", to: str | None = None) -> Plant[Webhook]:
    return Plant(lambda site: Webhook(url=url, preset=preset, to=to, site=site))


def test_an_event_comes_as_json() -> None:
    """Whole, in order, one request each."""
    with Hook() as hook:
        plant = Plant(
            lambda site: Webhook(
                url=hook.url + "/alarms?x=1", headers={"x-plant": "north", "content-type": "a/b"}, site=site
            )
        )
        plant.read(86.0, 80.0)
        plant.deliver()
        raised, cleared = (msgspec.json.decode(request.body, type=Event) for request in hook.requests)
        assert (raised.event, raised.id, cleared.event) == ("raised", "plant1:hot:1:2", "cleared")
        assert hook.requests[0].path == "/alarms?x=1"
        assert hook.requests[0].headers["content-type"] == "a/b"
        assert hook.requests[0].headers["x-plant"] == "north"


def test_a_body_is_signed() -> None:
    """Who knows the secret can tell that it is ours and whole."""
    with Hook() as hook:
        plant = Plant(lambda site: Webhook(url=hook.url, secret="s3cret", site=site))
        plant.read(86.0)
        plant.deliver()
        (request,) = hook.requests
        assert request.headers["content-type"] == "application/json"
        expected = hmac.new(b"s3cret", request.body, hashlib.sha256).hexdigest()
        assert request.headers["x-gaugeway-signature"] == f"sha256={expected}"


@pytest.mark.parametrize("status", [500, 503, 429, 408, 302, 401, 403, 404, 410])
def test_a_server_in_trouble_is_tried_again(status: int) -> None:
    """What it has taken before is not sent again, and the order is kept."""
    with Hook() as hook:
        hook.answers = [200, status]
        plant = plant_for(hook.url)
        plant.read(86.0, 80.0, 87.0)
        assert str(status) in plant.fails()
        plant.deliver()
        events = [msgspec.json.decode(request.body, type=Event).event for request in hook.requests]
        assert events == ["raised", "cleared", "cleared", "raised"]
        assert not plant.outbox
        assert plant.sink.report() == {"left_out": 0, "refusal": ""}


def test_a_server_that_wants_rest_is_left_alone() -> None:
    """It says for how long; meanwhile nothing is sent."""
    with Hook() as hook:
        hook.answers, hook.headers = [429], {"Retry-After": "60"}
        plant = plant_for(hook.url)
        plant.read(86.0)
        assert plant.fails().endswith("answers 429 and asks for 60 s of rest")
        assert plant.fails().endswith("asked to be left alone for a while")
        assert len(hook.requests) == 1


def test_nobody_listens_yet() -> None:
    """It is sent once somebody does."""
    port = free_port()
    plant = plant_for(f"http://127.0.0.1:{port}")
    plant.read(86.0)
    assert plant.fails() == f"http://127.0.0.1:{port} cannot be reached: Connection refused"
    with Hook(port) as hook:
        plant.deliver()
        assert len(hook.requests) == 1


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    """Not for ever, only for now."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        plant = Plant(lambda site: Webhook(url=url, timeout=0.05, site=site))
        plant.read(86.0)
        assert plant.fails() == f"{url} cannot be reached: TimeoutError"


def test_that_the_last_event_was_refused_is_reported_until_one_is_taken() -> None:
    """So `health` can say that nobody is told of alarms, for as long as that is so."""
    with Hook() as hook:
        hook.answers = [400, 422]
        plant = plant_for(hook.url)
        plant.read(86.0, 80.0)
        plant.deliver()
        assert plant.sink.report() == {"left_out": 2, "refusal": f"{hook.url} answers 422"}
        plant.read(86.0)
        plant.deliver()
        assert plant.sink.report() == {"left_out": 2, "refusal": ""}


def test_what_is_refused_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It does not block what comes after it, and no secret of the address is in the log."""
    with Hook() as hook, caplog.at_level(logging.ERROR):
        hook.answers = [400]
        plant = plant_for(f"http://ann:pwsecret@127.0.0.1:{hook.port}{PATHS}")
        plant.read(86.0, 80.0)
        plant.deliver()
        assert plant.sink.report() == {"left_out": 1, "refusal": ""}, "the second was taken"
        assert len(hook.requests) == 2
        assert hook.requests[0].headers["authorization"] == "Basic YW5uOnB3c2VjcmV0"
        (record,) = caplog.records
        facts: dict[str, object] = record.__dict__["facts"]
        assert facts == {"server": hook.url, "status": 400, "event": "plant1:hot:1:2"}


@pytest.mark.parametrize("answers", [[], [500], [302]])
def test_no_error_shows_a_secret(answers: list[int]) -> None:
    """Neither when nobody answers, nor when the answer is a bad one."""
    with Hook() as hook:
        hook.answers = answers
        port = hook.port if answers else free_port()
        plant = plant_for(f"http://ann:pwsecret@127.0.0.1:{port}{PATHS}")
        plant.read(86.0)
        assert "secret" not in plant.fails()


def test_a_template_of_ones_own() -> None:
    """A mapping becomes JSON, whatever stands in the values; a text is sent as it is."""
    with Hook() as hook:
        shape: dict[str, object] = {"text": '"{sensor}" at {value:.1f}', "tags": ["{severity}", 7]}
        plant = Plant(lambda site: Webhook(url=hook.url, template=shape, site=site))
        plant.read(86.0)
        plant.deliver()
        other = Plant(lambda site: Webhook(url=hook.url, template="{sensor}: {event} °", site=site))
        other.read(86.0)
        other.deliver()
        assert msgspec.json.decode(hook.requests[0].body) == {"text": '"t" at 86.0', "tags": ["critical", 7]}
        assert hook.requests[1].body == "t: raised °".encode()
        assert hook.requests[1].headers["content-type"] == "text/plain; charset=utf-8"


def shaped(preset: Preset, to: str | None = None) -> list[dict[str, object]]:
    """Return what comes of a raise and its clear."""
    with Hook() as hook:
        plant = plant_for(hook.url, preset, to)
        plant.read(86.0, 80.0)
        plant.deliver()
        return cast("list[dict[str, object]]", hook.bodies)


def test_slack_takes_a_text_with_three_letters_escaped() -> None:
    assert shaped("slack") == [{"text": "🔴 t 86 °C, above 85 °C"}, {"text": "🟢 t 80 °C, no longer above 85 °C"}]


def test_telegram_takes_a_chat_and_a_text() -> None:
    assert shaped("telegram", "-100")[0] == {"chat_id": "-100", "text": "🔴 t 86 °C, above 85 °C"}


def test_ntfy_takes_a_topic_and_a_priority() -> None:
    raised, cleared = shaped("ntfy", "plant")
    assert raised == {
        "topic": "plant",
        "title": "hot raised",
        "message": "t 86 °C, above 85 °C",
        "priority": 5,
        "tags": ["critical", "t"],
    }
    assert (cleared["title"], cleared["priority"]) == ("hot cleared", 3)


def test_teams_takes_an_adaptive_card() -> None:
    raised = shaped("teams")[0]
    (attachment,) = cast("list[dict[str, object]]", raised["attachments"])
    assert raised["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = cast("dict[str, object]", attachment["content"])
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    text, facts = cast("list[dict[str, object]]", card["body"])
    assert (text["text"], text["color"]) == ("🔴 t 86 °C, above 85 °C", "Attention")
    assert cast("list[object]", facts["facts"])[:1] == [{"title": "Alarm", "value": "hot"}]


def test_pagerduty_opens_an_incident_and_resolves_the_same() -> None:
    raised, cleared = shaped("pagerduty", "key")
    payload = cast("dict[str, object]", raised["payload"])
    assert (raised["routing_key"], raised["event_action"], cleared["event_action"]) == ("key", "trigger", "resolve")
    assert raised["dedup_key"] == cleared["dedup_key"] == "plant1:hot:1"
    assert (payload["summary"], payload["source"], payload["severity"]) == (
        "t 86 °C, above 85 °C",
        "plant1",
        "critical",
    )


@needs_openssl
def test_a_certificate_is_checked(tmp_path: Path) -> None:
    """One that nobody vouches for gets no event; one of the authority that is named does."""
    authority = Authority(tmp_path)
    with Hook(tls=authority.sign("hook", "IP:127.0.0.1")) as hook:
        plant = plant_for(hook.url)
        plant.read(86.0)
        assert "certificate verify failed" in plant.fails()
        trusting = Plant(lambda site: Webhook(url=hook.url, ca_file=authority.certificate, site=site))
        trusting.read(86.0)
        trusting.deliver()
        careless = Plant(lambda site: Webhook(url=hook.url, verify=False, site=site))
        careless.read(86.0)
        careless.deliver()
        assert len(hook.requests) == 2


@pytest.mark.parametrize(
    ("url", "preset", "to", "template", "headers", "words"),
    [
        ("ftp://host", "json", None, None, None, "'url' has to begin with http://"),
        ("http://", "json", None, None, None, "'url' names no host"),
        ("http://host:99999/", "json", None, None, None, "'url' cannot be read"),
        ("http://host/a b", "json", None, None, None, "'url' holds a blank"),
        ("http://host", "telegram", None, None, None, "the preset 'telegram' needs .* the chat's number into 'to'"),
        ("http://host", "slack", "x", None, None, "'to' goes with the presets telegram, ntfy, pagerduty"),
        ("http://host", "slack", None, "x", None, "'template' takes the place of 'preset'"),
        ("http://host", "json", None, {"a": ["{nix}"]}, None, "'template': there is no {nix}"),
        ("http://host", "json", None, None, {"a:b": "c"}, "there can be no header 'a:b'"),
        ("http://host", "json", None, None, {"a": "b\r\nc: d"}, "the value of 'a' holds a letter"),
        ("http://host", "json", None, None, {"Host": "x"}, "there can be no header 'Host'"),
    ],
)
def test_what_cannot_work_is_refused_in_words(
    *,
    url: str,
    preset: Preset,
    to: str | None,
    template: str | dict[str, object] | None,
    headers: dict[str, str] | None,
    words: str,
) -> None:
    """When it is made, before anything is opened."""
    with pytest.raises(ConfigError, match=words):
        Webhook(url=url, preset=preset, to=to, template=template, headers=headers, site=site())
