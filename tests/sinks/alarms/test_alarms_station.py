"""One panel for all ways out: each has its own view of it, and what is told of it outlasts a restart."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest
from tests.sinks.alarms.kit import HOT, START

from gaugeway import ConfigError, Quantity, Reading, Rule, Sensor, Sensors, Site, Tick
from gaugeway_sinks.alarms import Station, View
from gaugeway_sinks.alarms.orders import ENDING
from gaugeway_sinks.alarms.panel.view import MOST
from gaugeway_sinks.alarms.post.envelope import Envelope, unpack
from gaugeway_sinks.alarms.post.post import Post
from gaugeway_sinks.alert import ThresholdAlertSink
from gaugeway_sinks.webhook import Webhook

RULES = {
    "hot": HOT,
    "cold": Rule(sensor="u", below=Quantity(1)),
    "apart": Rule(difference=("t", "u"), above=Quantity(80)),
}
ACK = b'{"cmd": "ack", "occurrence": 1, "by": "ann"}'
SENSORS = Sensors({"t": Sensor(kind="temperature", unit="°C"), "u": Sensor(kind="any", unit="°C")})


def site(folder: Path = Path(os.devnull), name: str = "phone", select: tuple[str, ...] = (), **shared: object) -> Site:
    """Return the site of one sink."""
    return Site(
        node="plant1",
        name=name,
        rules=RULES,
        sensors=SENSORS,
        storage=folder,
        pipelines=("device",),
        select=select,
        shared=shared,
    )


def station(folder: Path = Path(os.devnull)) -> Station:
    """Return a panel whose time has begun."""
    made = Station(site(folder))
    made.clock.now, made.clock.pipeline = START, "device"
    made.tick(Tick(now=START))
    return made


def read(to: Station, **values: float) -> None:
    """Hand over a reading of each sensor."""
    to.consume([Reading(name, value, to.clock.now, "°C") for name, value in values.items()])


def words(view: View) -> list[str]:
    """Take out what a view has."""
    return [f"{told.key} {told.event.event}" for told in view.take()]


def test_sinks_of_one_gateway_share_a_panel_and_those_of_two_do_not() -> None:
    """The broker and the webhook speak of the same alarms."""
    here = site()
    phone, team = ThresholdAlertSink(site=here), Webhook(url="http://127.0.0.1/", site=here)
    assert phone.after is team.after
    assert ThresholdAlertSink(site=site()).after is not phone.after


def test_what_is_said_of_all_is_said_once() -> None:
    """Two sinks may both state when a sensor counts as dead, but not differently."""
    here = site()
    Webhook(url="http://127.0.0.1/", stale_after=60.0, site=here)
    phone = ThresholdAlertSink(stale_after=60.0, site=here)
    assert phone.station.panel.roster.timeout("t", None) == 60.0
    with pytest.raises(ConfigError, match="'stale_after' is 30 s here and 1 min at 'phone'"):
        ThresholdAlertSink(stale_after=30.0, site=here)


def test_each_view_keeps_what_its_sink_has_not_taken() -> None:
    """One sink is quick and one is stuck; both get all of it, in order."""
    panel = station()
    quick, slow = panel.view(), panel.view()
    read(panel, t=90.0)
    assert words(quick) == ["hot raised"]
    read(panel, t=20.0)
    assert words(quick) == ["hot cleared"]
    assert words(slow) == ["hot raised", "hot cleared"]


def test_a_view_shows_what_is_selected() -> None:
    """By sensor; an alarm on two sensors is shown to who sees one of them."""
    panel = station()
    of_u, of_none = panel.view(("u",)), panel.view(("w*",))
    read(panel, t=90.0, u=0.0)
    assert words(of_u) == ["cold raised", "apart raised"]
    assert set(of_u.alarms) == {"cold", "apart", "stale@u"}
    assert (list(of_u.tracks), words(of_none), dict(of_none.alarms)) == (["u"], [], {})


def test_a_command_about_what_a_view_does_not_show_is_refused() -> None:
    """For who sees only some sensors, the alarms of others are not there."""
    panel = station()
    of_u = panel.view(("u",))
    answers: list[str | None] = []
    payload = msgspec.json.encode({"cmd": "shelve", "for": "1h", "by": "ann"})
    for key in ("hot", "cold"):
        panel.obey(of_u, key, payload, lambda result: answers.append(result.error), retained=False)
    panel.tick(Tick(now=START))
    assert answers == ["there is no alert 'hot'", None]


def test_a_view_that_nobody_empties_has_an_end_and_tells_what_it_lost() -> None:
    """The oldest go, and the next event that is sent says how many."""
    panel = station()
    view, post = panel.view(), Post()
    for _ in range(MOST // 2 + 1):
        read(panel, t=90.0)
        read(panel, t=20.0)
    assert (len(view.told), view.lost) == (MOST, 2)
    first = unpack(post.collect(view)[0])
    assert isinstance(first, Envelope)
    assert first.turn == 3


def test_what_was_not_taken_outlasts_a_restart() -> None:
    """It stands in the state of the sink that has still to tell it."""
    here = site()
    phone = ThresholdAlertSink(site=here)
    phone.station.clock.now = START
    read(phone.station, t=90.0)
    panel, saved = phone.station.save(), msgspec.msgpack.encode(phone.save())
    after = ThresholdAlertSink(site=site())
    after.station.restore(panel)
    after.restore(msgspec.msgpack.decode(saved))
    assert words(after.view) == ["hot raised"]


def test_the_history_is_bounded_on_disk_and_in_memory(tmp_path: Path) -> None:
    """A rule that chatters for a year fills no card; what is told is the latest, oldest first, each once."""
    panel = station(tmp_path)
    for _ in range(700):
        read(panel, t=90.0)
        read(panel, t=20.0)
    file = tmp_path / "alarms.jsonl"
    assert 500 <= len(file.read_bytes().splitlines()) <= 1000
    panel.flush()
    told = station(tmp_path).history(10_000)
    assert told == panel.history(10_000)
    assert [event["seq"] for event in told] == list(range(901, 1401))


def test_a_replay_writes_no_history_twice(tmp_path: Path) -> None:
    """After a crash the same events are judged once more, with the same identities."""
    before, after = station(tmp_path), station(tmp_path)
    for panel in (before, after):
        read(panel, t=90.0)
        read(panel, t=20.0)
    assert [event["event"] for event in after.history(10)] == ["raised", "cleared"]


def test_what_an_alarm_does_stands_in_the_log_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Also where nobody listens to a broker; a replay after a crash has nothing new to say."""
    for expected in (["warning alarm raised", "alarm cleared"], []):
        caplog.clear()
        with caplog.at_level("INFO"):
            begun = station(tmp_path)
            read(begun, t=90.0)
            read(begun, t=20.0)
            begun.close()
        told = [record.getMessage() for record in caplog.records if "alarm" in record.getMessage()]
        assert told == expected


def test_a_damaged_history_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """What is no event is passed over, and the torn end is gone when the file is written anew."""
    read(station(tmp_path), t=90.0)
    file = tmp_path / "alarms.jsonl"
    file.write_bytes(b'{"id": "half\n\xff\x00' + b"x" * 100_000 + b"\n" + file.read_bytes() + b'{"id":"torn')
    panel = station(tmp_path)
    panel.restore(station().save())
    read(panel, t=20.0)
    read(panel, u=0.0)
    told = [event["rule"] for event in panel.history(10)]
    assert told == ["hot", "cold"]
    assert b"torn" not in file.read_bytes()
    assert station(tmp_path).history(10) == panel.history(10)


def test_a_disk_that_is_full_holds_no_alarm_up(tmp_path: Path) -> None:
    """It is judged and told; the history is in memory, and on disk when there is room again."""
    blocked = tmp_path / "alarms.jsonl"
    blocked.mkdir()
    panel = station(tmp_path)
    view = panel.view()
    read(panel, t=90.0)
    assert words(view) == ["hot raised"]
    assert len(panel.history(10)) == 1
    blocked.rmdir()
    read(panel, t=20.0)
    assert len(blocked.read_bytes().splitlines()) == 2


def test_an_order_after_the_last_checkpoint_is_carried_out_again_in_its_place(tmp_path: Path) -> None:
    """A replay judges the same readings; with the order among them it says the same, with the same identities."""

    def play(panel: Station, begin: int) -> list[str]:
        view = panel.view()
        for second in range(begin, 6):
            panel.clock.now = START + second
            if second == 3 and begin == 0:
                order = {"alert": "hot", "cmd": "ack", "occurrence": 1, "by": "ann"}
                panel.order(order, lambda result: answers.append(result["changed"]))
            read(panel, t=90.0 if second < 5 else 20.0)
        return [told.event.id + " " + str(told.event.event) for told in view.take()]

    answers: list[object] = []
    before = station(tmp_path)
    checkpoint = msgspec.msgpack.encode(before.save())
    said = play(before, 0)
    assert answers == [True]
    assert [one.split()[1] for one in said] == ["raised", "acked", "cleared"]
    after = station(tmp_path)
    after.restore(msgspec.msgpack.decode(checkpoint))
    assert play(after, 1) == said
    assert after.panel.alarms["hot"].standing.attention.by == "ann"
    later = station(tmp_path)
    later.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(after.save())))
    assert play(later, 6) == []


def test_a_command_that_follows_from_the_answer_to_another_is_carried_out_next() -> None:
    """It comes while the one before it is carried out."""
    panel, answers = station(), list[object]()

    def ask(cmd: str, then: Callable[[], None] = lambda: None) -> None:
        def reply(result: Mapping[str, object]) -> None:
            answers.append(result["cmd"])
            then()

        panel.order({"alert": "hot", "cmd": cmd, "by": "ann"}, reply)

    ask("out_of_service", then=lambda: ask("in_service"))
    for told in (["out_of_service"], ["out_of_service", "in_service"]):
        panel.tick(Tick(now=START))
        assert answers == told


def test_who_has_asked_for_something_is_told_that_it_will_not_be_done() -> None:
    """A panel that gives way, and an order that nobody came round to: it is refused, and so is what comes later."""
    panel, answers = station(), list[object]()
    view = panel.view()
    order = {"alert": "hot", "cmd": "shelve", "for": "1h", "by": "ann"}
    panel.order(order, lambda result: answers.append(result["error"]))
    assert not answers
    panel.close()
    panel.order(order, lambda result: answers.append(result["error"]))
    assert answers == [ENDING, ENDING]
    assert [topic for topic, _ in view.answers] == ["alert/hot/cmd/result"] * 2


def test_an_order_of_a_pipeline_that_is_no_more_is_not_lost(tmp_path: Path) -> None:
    """It is carried out with the first reading of another."""
    before = station(tmp_path)
    read(before, t=90.0)
    checkpoint = before.save()
    before.clock.pipeline = "gone"
    before.order({"alert": "hot", "cmd": "out_of_service", "by": "ann"}, lambda _: None)
    before.tick(Tick(now=START))
    after = station(tmp_path)
    after.restore(checkpoint)
    after.tick(Tick(now=START))
    assert after.panel.alarms["hot"].standing.suppression.name == "out_of_service"


def test_what_can_change_nothing_is_not_written_down(tmp_path: Path) -> None:
    """Noise on the command topics wears out no card."""
    panel = station(tmp_path)
    view = panel.view()
    for key, payload, retained in (("hot", b"{", False), ("nobody", ACK, False), ("hot", ACK, True)):
        panel.obey(view, key, payload, lambda _: None, retained=retained)
    panel.tick(Tick(now=START))
    assert not (tmp_path / "orders.jsonl").exists()
    panel.obey(view, "hot", ACK, lambda _: None, retained=False)
    panel.tick(Tick(now=START))
    assert len((tmp_path / "orders.jsonl").read_bytes().splitlines()) == 1
