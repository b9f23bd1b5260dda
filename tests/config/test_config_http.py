"""Nothing listens unless the file says so, and `check` says who could then ask."""

import pytest
from tests.config.kit import plan, problems, report, source, told

from gaugeway.endpoint import endpoint
from gaugeway.plan import Http


def test_nothing_listens_unless_it_is_asked_for() -> None:
    assert plan(source()).http is None


def test_the_key_alone_has_it_listen_on_this_computer_only() -> None:
    assert plan(source() + "http: {}\n").http == Http(listen="127.0.0.1:9273", metrics=True, health=True)
    assert plan(source() + "http: {listen: '[::1]:80', health: false}\n").http == Http(listen="[::1]:80", health=False)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{listn: 1.2.3.4:5}", "unknown option 'listn' of http | did you mean 'listen'?"),
        (
            "{listen: 9273}",
            "'listen' must be a text, not the number 9273 | write '9273' in quotes if the text is meant",
        ),
        ("{listen: '9273'}", "'listen' must be an IP address and a port such as 127.0.0.1:9273, not '9273'"),
        ("{listen: '127.0.0.1:0'}", "'listen' must be an IP address and a port such as"),
        ("{listen: '127.0.0.1:65536'}", "'listen' must be an IP address and a port such as"),
        ("{listen: 'plant.example:80'}", "'listen' names 'plant.example', and has to name an IP address"),
        ("{listen: '*:80'}", "'listen' names '*', and has to name an IP address"),
        ("{listen: '::1:80'}", "'listen' names '::1', and has to name an IP address"),
        ("{listen: '[127.0.0.1]:80'}", "'listen' names '[127.0.0.1]', and has to name an IP address"),
        ("{metrics: false, health: false}", "the HTTP server has nothing to serve | leave `http` out to have none"),
        ("{metrics: maybe}", "'metrics' must be true or false"),
        ("yes", "'http' must be a mapping"),
    ],
)
def test_what_cannot_be_is_told_at_its_place(written: str, said: str) -> None:
    (found,) = problems(source() + f"http: {written}\n")
    assert found.partition(" ")[2].startswith(said)


@pytest.mark.parametrize(
    ("listen", "warned"),
    [("127.0.0.1:80", False), ("localhost:80", False), ("[::1]:80", False), ("127.8.8.8:80", False),
     ("0.0.0.0:80", True), ("192.168.1.5:80", True), ("[::]:80", True)],
)  # fmt: skip
def test_an_address_that_others_can_reach_is_warned_of(listen: str, *, warned: bool) -> None:
    found = report(source() + f"http: {{listen: '{listen}'}}\n")
    assert found.problems == ()
    assert [told(warning) for warning in found.warnings if "network" in told(warning)] == (
        [
            f"6:16 anybody on the network can read readings and faults at {listen}, without a password"
            " | write 127.0.0.1:80 if only programs of this computer ask, or keep others out with a firewall"
        ]
        if warned
        else []
    )


def test_an_endpoint_is_an_address_and_a_port() -> None:
    assert endpoint("localhost:80") == ("127.0.0.1", 80)
    assert endpoint("[::1]:9273") == ("::1", 9273)
