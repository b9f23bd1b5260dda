"""`deploy-rules` shows what new rules change and would have done, brings them into use, notes it and takes it back."""

import json
from pathlib import Path

from tests.support.brokers import free_port
from tests.support.gateways import Home

CONFIG = """
node: plant1
sources:
  boiler:
    type: synthetic
    every: 50ms
    sensors:
      boiler_temp: {kind: temperature, unit: °C, range: [0, 120]}
sinks:
  alerts: {type: alert, broker: "mqtt://127.0.0.1:{port}"}
  archive: {type: file, path: readings.jsonl}
alerts: rules/*.yaml
"""
OLD = "boiler_hot: {sensor: boiler_temp, above: 85 °C}\nkept: {sensor: boiler_temp, above: 0 °C}\n"
NEW = "boiler_hot: {sensor: boiler_temp, above: 60 °C}\nkept: {sensor: boiler_temp, above: 0 °C}\n"


def home_of(folder: Path) -> Home:
    """Return a gateway with a file of rules, and a better one that waits outside."""
    home = Home(folder, CONFIG.replace("{port}", str(free_port())))
    (folder / "rules").mkdir()
    (folder / "rules" / "boiler.yaml").write_text(OLD)
    (folder / "new").mkdir()
    (folder / "new" / "boiler.yaml").write_text(NEW)
    return home


def deploy(home: Home, *words: str) -> tuple[int, str]:
    """Deploy the file that waits."""
    done = home.inside("deploy-rules", "new/boiler.yaml", str(home.config), *words)
    return done.returncode, done.stdout + done.stderr


def test_what_would_be_is_shown_and_nothing_touched(tmp_path: Path) -> None:
    """The difference, and how often the rules would have fired on recorded readings, silences between them included."""
    with home_of(tmp_path) as home:
        values = [20.0, 70.0, 20.0, 70.0, 90.0, 20.0]
        lines = [
            json.dumps({"sensor": "boiler_temp", "value": v, "time": 1.7e9 + 10 * i}) for i, v in enumerate(values)
        ]
        (tmp_path / "readings.jsonl").write_text("".join(f"{line}\n" for line in lines))
        code, said = deploy(home, "--dry-run")
        assert code == 0, said
        assert "~ boiler_hot: above is 60 °C, was 85 °C" in said
        assert said.endswith("nothing was changed: without --dry-run they come into use\n")
        assert f"  {'boiler_hot':<24} {1:>6} before {2:>6} from now on" in said
        assert (tmp_path / "rules" / "boiler.yaml").read_text() == OLD
        assert not (tmp_path / "state" / "audit.jsonl").exists()


def test_rules_are_deployed_and_taken_back(tmp_path: Path) -> None:
    """A gateway that runs goes by them and keeps the other alarms; the audit log says who did what."""
    with home_of(tmp_path) as home:
        home.start()
        code, said = deploy(home, "--by", "anna")
        assert (code, "the gateway goes by it" in said) == (0, True), said
        assert (tmp_path / "rules" / "boiler.yaml").read_text() == NEW
        assert '"threshold": 60' in home.run("alarms", "--rule", "boiler_hot", "--json").stdout
        assert deploy(home)[1].endswith("nothing to do\n")
        code, said = deploy(home, "--rollback")
        assert (code, (tmp_path / "rules" / "boiler.yaml").read_text()) == (0, OLD), said
        lines = [json.loads(line) for line in (tmp_path / "state" / "audit.jsonl").read_text().splitlines()]
        assert [line["what"] for line in lines] == ["deploy", "deploy", "rollback", "rollback"]
        assert (lines[1]["by"], lines[1]["changed"], lines[0]["outcome"]) == ("anna", ["boiler_hot"], "begun")
        assert (lines[1]["before"], lines[1]["after"]) == (lines[2]["after"], lines[2]["before"])
        assert deploy(home, "--rollback")[0] == 78
        kept = tmp_path / "state" / "rules" / "boiler.yaml" / "000001.yaml"
        kept.write_text(OLD)  # as a deployment leaves it that was cut short
        assert deploy(home, "--rollback")[0] == 78


def test_what_is_wrong_is_not_deployed(tmp_path: Path) -> None:
    """Neither rules with a mistake nor those for which there is no place; the live file stays as it is."""
    with home_of(tmp_path) as home:
        (tmp_path / "new" / "boiler.yaml").write_text("boiler_hot: {sensor: boiler_temp, abvoe: 60 °C}\n")
        code, said = deploy(home)
        assert (code, "boiler.yaml:1" in said) == (78, True), said
        assert (tmp_path / "rules" / "boiler.yaml").read_text() == OLD
        home.config.write_text(home.config.read_text().replace("alerts: rules/*.yaml", "alerts: {}"))
        code, said = deploy(home)
        assert (code, "alerts: rules/*.yaml" in said) == (78, True), said


def test_a_mistake_is_told_where_it_stands(tmp_path: Path) -> None:
    """In the file that was handed over, not in that of the gateway, which is well."""
    with home_of(tmp_path) as home:
        (tmp_path / "new" / "boiler.yaml").write_text(NEW.replace("above", "abov"))
        code, said = deploy(home)
        assert code == 78
        assert said.startswith("new/boiler.yaml:1:35: unknown option 'abov'"), said


def test_what_the_gateway_refuses_is_put_back(tmp_path: Path) -> None:
    """It goes on by the old rules, the file is the old one, and the audit log says how it ended."""
    with home_of(tmp_path) as home:
        home.start()
        home.config.write_text(home.config.read_text() + "storage: {dir: other}\n")
        code, said = deploy(home)
        assert (code, "takes a restart" in said) == (78, True), said
        assert (tmp_path / "rules" / "boiler.yaml").read_text() == OLD
        last = json.loads((tmp_path / "other" / "audit.jsonl").read_text().splitlines()[-1])
        assert last["outcome"].startswith("put back")
        assert not list((tmp_path / "other" / "rules" / "boiler.yaml").iterdir())


def test_going_back_to_before_there_was_a_file_says_which_rules_go(tmp_path: Path) -> None:
    """The file is gone again, and the difference and the audit log name its rules."""
    with home_of(tmp_path) as home:
        (tmp_path / "new" / "boiler.yaml").rename(tmp_path / "new" / "more.yaml")
        (tmp_path / "new" / "more.yaml").write_text("extra: {sensor: boiler_temp, above: 70 °C}\n")
        deployed = home.inside("deploy-rules", "new/more.yaml", str(home.config))
        assert "+ extra" in deployed.stdout
        done = home.inside("deploy-rules", "more.yaml", str(home.config), "--rollback")
        assert (done.returncode, "- extra" in done.stdout) == (0, True)
        assert not (tmp_path / "rules" / "more.yaml").exists()
        last = json.loads((tmp_path / "state" / "audit.jsonl").read_text().splitlines()[-1])
        assert (last["what"], last["removed"]) == ("rollback", ["extra"])
