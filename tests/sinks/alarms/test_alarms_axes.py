"""Attention and suppression: acknowledging, latching, reminding, shelving, inhibiting, taking out of service."""

import msgspec
import pytest
from msgspec import structs
from tests.sinks.alarms.kit import HOT, Bench

from gaugeway import Quantity, Rule

LATCHED = structs.replace(HOT, latch=True)
LINK = Rule(sensor="link", above=Quantity(1))


def test_names_of_isa_18_2_follow_from_the_axes() -> None:
    """The derived name goes through NORM, UNACK, ACKED, and RTNUN where nobody took notice in time."""
    bench = Bench({"hot": HOT})
    names: list[str] = []
    bench.read(80.0)
    names.append(bench.snapshot("hot").isa)
    bench.read(86.0)
    names.append(bench.snapshot("hot").isa)
    bench.command("ack", 1)
    names.append(bench.snapshot("hot").isa)
    bench.read(80.0)
    names.append(bench.snapshot("hot").isa)
    bench.series(86.0, 80.0)
    names.append(bench.snapshot("hot").isa)
    bench.command("ack", 2)
    names.append(bench.snapshot("hot").isa)
    assert names == ["NORM", "UNACK", "ACKED", "NORM", "RTNUN", "NORM"]


def test_an_acknowledgement_of_an_old_occurrence_is_refused() -> None:
    """Who acknowledges the alarm of an hour ago has not seen the present one."""
    bench = Bench({"hot": HOT})
    bench.series(86.0, 80.0, 86.0)
    answer = bench.command("ack", 1)
    assert not answer.ok
    assert answer.error == "occurrence 1 is over; the present one is 2"
    assert not bench.snapshot("hot").acked
    assert bench.said == ["raised", "cleared", "raised"]


def test_an_acknowledgement_of_an_occurrence_to_come_is_refused() -> None:
    """Nobody can have seen what was not raised yet."""
    bench = Bench({"hot": HOT})
    bench.read(86.0)
    assert bench.command("ack", 2).error == "there is no occurrence 2 yet; the last one is 1"


def test_a_redelivered_acknowledgement_is_no_news() -> None:
    """The broker may deliver a command twice: it is answered twice, and told once."""
    bench = Bench({"hot": HOT})
    bench.read(86.0)
    first, second = bench.command("ack", 1), bench.command("ack", 1)
    assert (first.ok, first.changed, second.ok, second.changed) == (True, True, True, False)
    assert bench.said == ["raised", "acked"]
    assert bench.events[-1].acked_by == "ann"


def test_a_new_occurrence_asks_for_attention_anew() -> None:
    """An acknowledgement does not outlast its occurrence."""
    bench = Bench({"hot": HOT})
    bench.read(86.0)
    bench.command("ack", 1)
    bench.series(80.0, 86.0)
    assert not bench.snapshot("hot").acked
    assert bench.snapshot("hot").acked_by is None


def test_a_latched_alarm_stays_until_it_is_acknowledged() -> None:
    """It is active for as long as nobody took notice, even when all has long been well."""
    bench = Bench({"hot": LATCHED})
    bench.series(86.0, *[80.0] * 10)
    assert bench.snapshot("hot").active
    assert bench.snapshot("hot").isa == "RTNUN"
    bench.command("ack", 1)
    assert bench.said == ["raised", "acked", "cleared"]
    assert bench.snapshot("hot").isa == "NORM"


def test_a_latched_alarm_that_crosses_again_is_the_same_occurrence() -> None:
    """It never cleared."""
    bench = Bench({"hot": LATCHED})
    bench.series(86.0, 80.0, 86.0, 80.0)
    assert bench.said == ["raised"]
    bench.command("ack", 1)
    assert bench.said == ["raised", "acked", "cleared"]


def test_a_latched_alarm_acknowledged_in_time_clears_by_itself() -> None:
    """There is nothing left to wait for."""
    bench = Bench({"hot": LATCHED})
    bench.read(86.0)
    bench.command("ack", 1)
    bench.read(80.0)
    assert bench.said == ["raised", "acked", "cleared"]


def test_reminds_while_active_and_not_acknowledged() -> None:
    """Again and again, until somebody takes notice or it clears."""
    bench = Bench({"hot": structs.replace(HOT, remind=600.0)})
    bench.read(86.0)
    bench.wait(1250.0, 5.0)
    assert bench.said == ["raised", "reminded", "reminded"]
    bench.command("ack", 1)
    bench.wait(1250.0, 5.0)
    assert bench.said == ["raised", "reminded", "reminded", "acked"]


def test_reminders_end_with_the_alarm() -> None:
    """A cleared alarm that nobody acknowledged is not repeated."""
    bench = Bench({"hot": structs.replace(HOT, remind=600.0)})
    bench.series(86.0, 80.0)
    bench.wait(2000.0, 5.0)
    assert bench.said == ["raised", "cleared"]


def test_a_shelved_alarm_is_silent_and_says_at_its_end_how_it_stands() -> None:
    """Raised while shelved: it is told once, when the shelving ends by itself."""
    bench = Bench({"hot": HOT})
    bench.read(80.0)
    bench.command("shelve", time="10min")
    bench.read(86.0)
    assert bench.snapshot("hot").isa == "SHLVD"
    assert bench.snapshot("hot").suppressed_by == "ann"
    assert bench.snapshot("hot").suppressed_until == "2027-01-15T08:10:00.000Z"
    bench.wait(590.0, 5.0)
    assert bench.said == ["shelved"]
    bench.wait(10.0)
    assert bench.said == ["shelved", "unshelved", "raised"]


def test_what_came_and_went_while_shelved_is_not_told() -> None:
    """Only the present state is announced."""
    bench = Bench({"hot": HOT})
    bench.command("shelve")
    bench.series(86.0, 80.0)
    bench.command("unshelve")
    assert bench.said == ["shelved", "unshelved"]
    assert bench.snapshot("hot").occurrence == 1


def test_an_alarm_that_cleared_while_shelved_says_so_afterwards() -> None:
    """Each `raised` has its `cleared`."""
    bench = Bench({"hot": HOT})
    bench.read(86.0)
    bench.command("shelve")
    bench.series(80.0)
    bench.command("unshelve")
    assert bench.said == ["raised", "shelved", "unshelved", "cleared"]


def test_unshelving_what_is_not_shelved_changes_nothing() -> None:
    """It is so already."""
    bench = Bench({"hot": HOT})
    answer = bench.command("unshelve")
    assert (answer.ok, answer.changed) == (True, False)
    assert bench.said == []


def test_out_of_service_lasts_until_it_is_put_back() -> None:
    """It is stronger than shelving, and has no end of its own."""
    bench = Bench({"hot": HOT})
    bench.command("out_of_service")
    bench.command("shelve")
    bench.read(86.0)
    bench.wait(7200.0, 5.0)
    assert bench.snapshot("hot").isa == "OOSRV"
    assert "raised" not in bench.said
    bench.command("in_service")
    assert bench.said[-2:] == ["unshelved", "raised"]


def test_an_inhibited_alarm_is_silent_while_the_other_stands() -> None:
    """When the link is down, what hangs on it need not be told."""
    bench = Bench({"link_lost": LINK, "hot": structs.replace(HOT, inhibited_by=("link_lost",))})
    bench.read(1.0, "link")
    bench.read(86.0)
    assert bench.snapshot("hot").isa == "DSUPR"
    assert bench.snapshot("hot").suppressed_by == "link_lost"
    assert bench.of("hot") == []
    bench.read(0.0, "link")
    assert bench.of("hot") == ["raised"]


def test_an_active_alarm_says_that_it_is_inhibited_and_how_it_stands_after() -> None:
    """It was told as raised before, so it is not told as raised again."""
    bench = Bench({"link_lost": LINK, "hot": structs.replace(HOT, inhibited_by=("link_lost",))})
    bench.read(86.0)
    bench.read(1.0, "link")
    bench.read(0.0, "link")
    assert bench.of("hot") == ["raised", "inhibited", "resumed"]


def test_an_inhibited_alarm_goes_on_evaluating() -> None:
    """What cleared meanwhile has cleared."""
    bench = Bench({"link_lost": LINK, "hot": structs.replace(HOT, inhibited_by=("link_lost",))})
    bench.read(86.0)
    bench.read(1.0, "link")
    bench.series(80.0)
    assert bench.snapshot("hot").condition == "normal"
    bench.read(0.0, "link")
    assert bench.of("hot") == ["raised", "inhibited", "cleared"]


def test_two_inhibitors_both_have_to_clear() -> None:
    """While one stands, it is silent."""
    rules = {"a": LINK, "b": Rule(sensor="b", above=Quantity(1)), "hot": structs.replace(HOT, inhibited_by=("a", "b"))}
    bench = Bench(rules)
    bench.read(1.0, "link")
    bench.read(1.0, "b")
    bench.read(86.0)
    bench.read(0.0, "link")
    assert bench.of("hot") == []
    bench.read(0.0, "b")
    assert bench.of("hot") == ["raised"]


def test_the_silence_of_a_sensor_can_inhibit() -> None:
    """The implicit rule has a name that a rule can use."""
    rules = {"hot": structs.replace(HOT, inhibited_by=("stale@link",))}
    bench = Bench(rules, stale_after=60.0)
    bench.read(0.0, "link")
    bench.read(80.0)
    bench.wait(50.0)
    bench.read(80.0)
    bench.wait(10.0)
    bench.read(86.0)
    assert bench.snapshot("hot").suppressed == "inhibited"
    bench.read(0.0, "link")
    assert bench.of("hot") == ["raised"]


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"", "this is no command"),
        (b"ack", "this is no command"),
        (b'{"cmd": "ack"}', "this is no command"),
        (
            b'{"cmd": "ack", "by": "ann"}',
            'an acknowledgement names its occurrence; for the present one add "occurrence": 1',
        ),
        (b'{"cmd": "explode", "by": "ann"}', "this is no command"),
        (b'{"cmd": "ack", "by": "", "occurrence": 1}', "this is no command"),
        (b'{"cmd": "ack", "by": " \\u0000\\u001b", "occurrence": 1}', "this is no command: 'by' names nobody"),
        (b'{"cmd": "ack", "by": "ann", "occurrence": "1"}', "this is no command"),
        (b'{"cmd": "ack", "by": "ann", "occurrence": 1, "x": 1}', "this is no command"),
        (b'{"cmd": "shelve", "by": "ann"}', "say for how long"),
        (b'{"cmd": "shelve", "by": "ann", "for": "soon"}', "'soon' is no duration"),
        (b'{"cmd": "shelve", "by": "ann", "for": -1}', "shelving lasts for more than 0 s"),
        (b'{"cmd": "shelve", "by": "ann", "for": "8h", "until": "2027-01-15T09:00:00Z"}', "say for how long"),
        (b'{"cmd": "shelve", "by": "ann", "until": "2027-01-15T07:59:59Z"}', "2027-01-15T07:59:59Z is over"),
        (b'{"cmd": "shelve", "by": "ann", "until": "2027-01-15T09:00:00"}', "'2027-01-15T09:00:00' is no moment"),
        (b'{"cmd": "shelve", "by": "ann", "until": "tomorrow"}', "'tomorrow' is no moment"),
        (b'{"cmd": "shelve", "by": "ann", "for": "40d"}', "shelving lasts for more than 0 s and at most 30 days"),
        (b"\xff\xfe", "this is no command"),
        (b"[" * 100_000, "a command has 4096 bytes at most"),
        (b'{"cmd": "ack", "by": "\xff", "occurrence": 1}', "this is no command"),
    ],
)
def test_what_is_no_command_is_answered_with_the_reason(payload: bytes, error: str) -> None:
    """Nothing that comes from the network does harm, and whoever sent it learns why it was refused."""
    bench = Bench({"hot": HOT})
    bench.read(86.0)
    answer = bench.deliver(payload)
    assert not answer.ok
    assert (answer.error or "").startswith(error)
    assert bench.said == ["raised"]


def test_who_does_not_know_what_a_command_looks_like_is_shown_one() -> None:
    """A person types it on a phone."""
    bench = Bench({"hot": HOT})
    assert (bench.deliver(b"ack").error or "").endswith('; write it like {"cmd": "ack", "occurrence": 17, "by": "ann"}')


def test_a_retained_command_is_refused() -> None:
    """It would be carried out again after every restart."""
    bench = Bench({"hot": HOT})
    bench.read(86.0)
    answer = bench.deliver(b'{"cmd": "ack", "occurrence": 1, "by": "ann"}', retained=True)
    assert not answer.ok
    assert "retained" in (answer.error or "")


def test_a_command_for_an_unknown_alarm_is_refused() -> None:
    """There is nothing to acknowledge."""
    bench = Bench({"hot": HOT})
    assert bench.command("ack", 1, alarm="cold").error == "there is no alert 'cold'"


def test_a_comment_comes_back_with_the_answer() -> None:
    """Who reads the results sees why somebody did what he did."""
    bench = Bench({"hot": HOT})
    payload = {"cmd": "shelve", "by": "ann", "for": 60, "comment": "valve in repair"}
    assert bench.deliver(msgspec.json.encode(payload)).comment == "valve in repair"


def test_what_people_write_is_one_line_that_no_terminal_obeys() -> None:
    """Anybody who may publish can send a command; what he writes is shown to others as he wrote it."""
    bench = Bench({"hot": HOT})
    bench.read(86.0)
    forged = "\x1b[31mann\n2026-11-21 info all is well\r\x9b2J\u202e\0"
    answer = bench.deliver(msgspec.json.encode({"cmd": "ack", "occurrence": 1, "by": forged, "comment": forged}))
    assert answer.by == answer.comment == "[31mann 2026-11-21 info all is well 2J"
    assert bench.snapshot("hot").acked_by == answer.by


def test_shelving_until_a_moment_says_the_same_however_late_it_is_read() -> None:
    """Sent twice, or kept by a broker for half an hour: it ends when it was to end."""
    bench = Bench({"hot": HOT})
    payload = b'{"cmd": "shelve", "by": "ann", "until": "2027-01-15T08:01:00+00:00"}'
    bench.read(20.0)
    assert bench.deliver(payload).ok
    bench.wait(50.0)
    assert bench.deliver(payload).ok
    assert bench.snapshot("hot").suppressed == "shelved"
    bench.wait(10.0)
    assert bench.snapshot("hot").suppressed is None
    assert not bench.deliver(payload).ok
