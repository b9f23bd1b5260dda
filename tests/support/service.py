"""What the unit says that gaugeway comes with."""

from typing import Final

from gaugeway.cli.setup.parts import folder

SETTING: Final = "Environment="


def environment() -> dict[str, str]:
    """Return the environment that a gateway has as a service."""
    lines = (folder() / "gaugeway.service").read_text(encoding="utf-8").splitlines()
    settings = [line.removeprefix(SETTING) for line in lines if line.startswith(SETTING)]
    assert settings
    return dict(setting.split("=", 1) for setting in settings)
