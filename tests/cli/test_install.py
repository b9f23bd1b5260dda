"""What `install` puts in place and `uninstall` takes away, in the image of a machine; no real one is touched."""

import re
import stat
from pathlib import Path

import pytest

from gaugeway.cli import install, main, uninstall
from gaugeway.cli.setup.layout import Layout
from gaugeway.cli.setup.manifest import Manifest
from gaugeway.cli.setup.parts import folder, parts
from gaugeway.cli.setup.reach import out_of_reach
from gaugeway.cli.setup.sample import configuration
from gaugeway.cli.speech import exits
from gaugeway.config import load_report
from gaugeway.errors import ConfigError

UNIT = "etc/systemd/system/gaugeway.service"


def machine(folder: Path) -> Path:
    """Return the image of a machine that has what every machine has."""
    root = folder / "image"
    for name in ("etc/systemd/system/multi-user.target.wants", "etc/udev/rules.d", "usr/local/bin", "var/lib"):
        (root / name).mkdir(parents=True)
    return root


def tree(root: Path) -> dict[str, str]:
    """Return everything beneath a folder: files with their text, links with their target."""
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        found[name] = str(path.readlink()) if path.is_symlink() else path.read_text() if path.is_file() else ""
    return found


def test_everything_is_put_in_place(tmp_path: Path) -> None:
    """The unit, what it needs, and a configuration that is well."""
    root = machine(tmp_path)
    assert main(["install", "--root", str(root)]) == exits.WELL
    assert (root / UNIT).read_text() == (folder() / "gaugeway.service").read_text()
    assert (root / "usr/local/bin/gaugeway").readlink() == Path("/opt/gaugeway/bin/gaugeway")
    wanted = root / "etc/systemd/system/multi-user.target.wants/gaugeway.service"
    assert wanted.readlink() == Path("/etc/systemd/system/gaugeway.service")
    report = load_report(root / "etc/gaugeway/gaugeway.yaml")
    assert report.problems == ()
    assert stat.S_IMODE((root / "etc/gaugeway/secrets.yaml").stat().st_mode) == 0o600
    assert stat.S_IMODE((root / "etc/gaugeway/credentials").stat().st_mode) == 0o700


def test_again_it_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither our files nor what the operator has made of the samples."""
    root = machine(tmp_path)
    main(["install", "--root", str(root)])
    (root / "etc/gaugeway/gaugeway.yaml").write_text("sources: {}\n")
    (root / "etc/gaugeway/rules/boiler.yaml").unlink()
    before = tree(root)
    capsys.readouterr()
    assert main(["install", "--root", str(root)]) == exits.WELL
    assert tree(root) == before
    assert capsys.readouterr().out == ""


def test_a_unit_that_was_edited_is_renewed_and_its_edit_kept(tmp_path: Path) -> None:
    """An update has to bring the new unit; nobody's work is lost."""
    root = machine(tmp_path)
    main(["install", "--root", str(root)])
    (root / UNIT).write_text("[Service]\nExecStart=/bin/mine\n")
    main(["install", "--root", str(root)])
    assert "gaugeway run" in (root / UNIT).read_text()
    assert (root / f"{UNIT}.edited").read_text() == "[Service]\nExecStart=/bin/mine\n"


def test_a_command_of_another_in_its_place_is_left_alone(tmp_path: Path) -> None:
    """It was there first."""
    root = machine(tmp_path)
    (root / "usr/local/bin/gaugeway").write_text("theirs")
    main(["install", "--root", str(root)])
    main(["uninstall", "--root", str(root), "--purge"])
    assert (root / "usr/local/bin/gaugeway").read_text() == "theirs"


def test_uninstall_takes_away_exactly_what_install_brought(tmp_path: Path) -> None:
    """With --purge the operator's files too, and nothing is left at all."""
    root = machine(tmp_path)
    before = tree(root)
    main(["install", "--root", str(root)])
    installed = tree(root)
    assert main(["uninstall", "--root", str(root)]) == exits.WELL
    left = set(tree(root)) - set(before)
    assert left == {name for name in installed if name.startswith("etc/gaugeway")} | {"var/lib/gaugeway.installed"}
    (root / "var/lib/gaugeway").mkdir()
    assert main(["uninstall", "--root", str(root), "--purge"]) == exits.WELL
    assert tree(root) == before


def test_what_was_edited_since_is_left_by_uninstall(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And it is told."""
    root = machine(tmp_path)
    main(["install", "--root", str(root)])
    rules = root / "etc/udev/rules.d/60-gaugeway.rules"
    rules.write_text("# mine\n")
    main(["uninstall", "--root", str(root)])
    assert rules.read_text() == "# mine\n"
    assert re.search(r"leaves +/etc/udev/rules.d/60-gaugeway.rules", capsys.readouterr().out)


def test_a_dry_run_does_nothing_and_tells_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line stands for one that would be done."""
    root = machine(tmp_path)
    before = tree(root)
    main(["install", "--root", str(root), "--dry-run"])
    would = capsys.readouterr().out
    assert tree(root) == before
    main(["install", "--root", str(root)])
    assert would.replace("would ", "").count("\n") == capsys.readouterr().out.count("\n")
    installed = tree(root)
    main(["uninstall", "--root", str(root), "--dry-run", "--purge"])
    assert tree(root) == installed


def nothing(_: Path) -> Manifest:
    """Return what is in place on a machine that has nothing of gaugeway."""
    return Manifest()


def test_a_machine_without_systemd_is_told_what_to_do_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything else is found wrong with it; and there is nothing to take away."""
    for module in (install, uninstall):
        monkeypatch.setattr(module, "SYSTEMD", tmp_path / "nope")
    monkeypatch.setattr(Manifest, "of", nothing)
    assert main(["install", "--dry-run"]) == exits.CONFIGURATION
    assert "not run by systemd: `gaugeway start CONFIG` runs a gateway without it" in capsys.readouterr().err
    assert main(["uninstall", "--dry-run"]) == exits.WELL
    assert capsys.readouterr().out == "nothing was installed on this machine, which is not run by systemd\n"


def test_several_gateways_share_what_can_be_shared(tmp_path: Path) -> None:
    """The template goes with the last of them."""
    root = machine(tmp_path)
    before = tree(root)
    for name in ("north", "south"):
        assert main(["install", name, "--root", str(root)]) == exits.WELL
        assert load_report(root / f"etc/gaugeway/{name}/gaugeway.yaml").problems == ()
    template = root / "etc/systemd/system/gaugeway@.service"
    main(["uninstall", "north", "--root", str(root), "--purge"])
    assert template.exists()
    assert not (root / "etc/gaugeway/north").exists()
    assert (root / "etc/gaugeway/south/gaugeway.yaml").exists()
    main(["uninstall", "--root", str(root), "--purge"])
    assert tree(root) == before


@pytest.mark.parametrize("name", ["North", "a b", "../etc", "a@b", "rules", "-x", "a" * 40, "a.b"])
def test_a_name_that_could_be_mistaken_is_refused(tmp_path: Path, name: str) -> None:
    """It becomes part of paths and of the name of a unit."""
    with pytest.raises(ConfigError, match="cannot be the name"):
        Layout(name)


def test_the_template_is_the_unit_with_a_name(tmp_path: Path) -> None:
    """They differ where a gateway has places of its own, and nowhere else."""
    one, several = ((folder() / name).read_text() for name in ("gaugeway.service", "gaugeway@.service"))
    one, several = (text.partition("[Unit]")[2] for text in (one, several))
    own = (
        several.replace("gaugeway/%i", "gaugeway").replace("gaugeway-%i", "gaugeway").replace("gaugeway@%i", "gaugeway")
    )
    assert own.replace("gateway %i", "gateway") == one
    assert several.count("%i") >= 7


def test_the_unit_runs_the_gaugeway_that_installs_it() -> None:
    """Wherever that is."""
    found = dict(parts(Layout(), "/srv/venv/bin/gaugeway"))
    unit = found[Path("/etc/systemd/system/gaugeway.service")]
    assert "ExecStart=/srv/venv/bin/gaugeway run /etc/gaugeway/gaugeway.yaml" in unit
    assert "ExecReload=/srv/venv/bin/gaugeway reload /etc/gaugeway/gaugeway.yaml" in unit
    assert "/opt/gaugeway" not in unit


def test_what_is_closed_to_the_service_is_found(tmp_path: Path) -> None:
    """A home folder, a folder without the right to enter it, a file without the right to read it."""
    open_file = tmp_path / "open" / "file"
    open_file.parent.mkdir()
    open_file.write_text("")
    for path in (open_file, *open_file.parents[:-1]):
        if path.owner() == tmp_path.owner() and path.is_relative_to(tmp_path.parents[1]):
            path.chmod(0o755)
    assert out_of_reach(open_file, hidden=()) is None
    assert out_of_reach(open_file, hidden=(tmp_path,)) == f"{tmp_path} is hidden from it"
    open_file.chmod(0o600)
    assert out_of_reach(open_file, hidden=()) == f"{open_file} is closed to other users"
    open_file.parent.chmod(0o700)
    assert out_of_reach(open_file, hidden=()) == f"{open_file.parent} is closed to other users"


def test_the_sample_writes_to_its_own_folder_only() -> None:
    """The service may not write beside its configuration, and the journal is no place for readings."""
    text = configuration(Layout("north"))
    assert "storage: {dir: /var/lib/gaugeway-north/state" in text
    assert "    path: /var/lib/gaugeway-north/readings.jsonl" in text
    assert "console" not in text
    assert re.search(r"^  # phone:", text, re.MULTILINE)
