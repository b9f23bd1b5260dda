"""The samples under `configs/` are what a newcomer copies: each is checked, and so is what is generated beside them."""

import re
from pathlib import Path
from typing import Final, cast

import msgspec
import pytest
from tests.config.kit import REGISTRY, told

from gaugeway.config import load_report
from gaugeway.config.sections.keys import keys
from gaugeway.config.sections.setting import Setting
from gaugeway.config.shown.explain import explain
from gaugeway.config.shown.reference import reference
from gaugeway.config.shown.resolved import resolved
from gaugeway.config.shown.schema import schema
from gaugeway.errors import ConfigError
from gaugeway.registry import Registry

CONFIGS: Final = Path(__file__).parents[2] / "configs"
SAMPLES: Final = sorted(CONFIGS.glob("*.yaml"))
HEADER: Final = "# yaml-language-server: $schema=gaugeway.schema.json\n"
INSTALLED: Final = Registry.discover()


@pytest.mark.parametrize("sample", SAMPLES, ids=[path.stem for path in SAMPLES])
def test_a_sample_has_no_mistake_carries_tests_and_tells_editors_its_schema(sample: Path) -> None:
    found = load_report(sample, None, {})
    assert [told(problem) for problem in found.problems] == []
    assert found.plan is not None
    assert found.plan.tests
    assert sample.read_text(encoding="utf-8").startswith(HEADER)


@pytest.mark.parametrize("sample", SAMPLES, ids=[path.stem for path in SAMPLES])
def test_a_sample_can_be_shown_resolved(sample: Path) -> None:
    shown = resolved(sample, INSTALLED, {})
    assert "sources:" in shown
    assert f"# {sample}:" in shown


def test_the_water_works_has_200_sensors() -> None:
    plan = load_report(CONFIGS / "water-works.yaml", INSTALLED, {}).plan
    assert plan is not None
    assert sum(len(pipeline.source.sensors) for pipeline in plan.pipelines) == 200


def test_the_sample_of_every_option_names_every_key_of_the_file_and_every_plugin() -> None:
    text = re.sub(r"#.*", "", (CONFIGS / "every-option.yaml").read_text(encoding="utf-8"))
    words = set(re.findall(r"[a-z_]+", text))
    assert set(keys(Setting(INSTALLED)).fields) <= words
    assert {name for role in ("source", "stage", "sink", "behaviour") for name in INSTALLED.names(role)} <= words


def is_current(file: Path, content: str) -> None:
    """Compare a generated file with what would be generated now."""
    assert file.read_text(encoding="utf-8") == content, "run docs/generate.py and commit the result"


def test_the_schema_beside_the_samples_is_current() -> None:
    encoded = msgspec.json.format(msgspec.json.encode(schema(INSTALLED)), indent=1)
    is_current(CONFIGS / "gaugeway.schema.json", encoded.decode() + "\n")


def test_the_reference_is_current() -> None:
    is_current(CONFIGS.parent / "docs" / "configuration.md", reference(INSTALLED))


def test_the_schema_describes_every_key_and_every_option() -> None:
    described = schema(REGISTRY)
    assert set(keys(Setting(REGISTRY)).fields) == set(cast("dict[str, object]", described["properties"]))
    text = msgspec.json.encode(described).decode()
    for plugin in REGISTRY.usable():
        assert all(f'"{option}"' in text for option in plugin.options)


def test_the_reference_tells_of_every_option() -> None:
    text = reference(REGISTRY)
    for plugin in REGISTRY.usable():
        assert f"`{plugin.name}`" in text
        assert all(f"| `{option}` |" in text for option in plugin.options)


@pytest.mark.parametrize(
    ("key", "told_of"),
    [
        ("baud", ["sources.port.baud", "must be a whole number from 50 to 4000000", "default: 9600"]),
        ("alerts.for", ["alerts.for", "Raise only after it held for this long."]),
        ("storage.sync_every", ["default: 5s"]),
        ("smooth", ["stages.smooth", "A stage that lets ticks by.", "last"]),
        ("sources", ["sources", "Where readings come from."]),
    ],
)
def test_a_key_is_explained(key: str, told_of: list[str]) -> None:
    text = explain(key, REGISTRY)
    assert all(part in text for part in told_of)


def test_the_kinds_of_a_mapping_are_explained_together_and_each() -> None:
    """Who asks for `format` is told of the formats there are."""
    registry = Registry.discover()
    assert all(f"serial.format.type: {kind}" in explain("serial.format", registry) for kind in ("csv", "regex"))
    alone = explain("serial.format.regex", registry)
    assert "pattern" in alone
    assert "separator" not in alone


def test_what_a_source_takes_of_each_sensor_is_explained() -> None:
    """Those keys are in no option of it."""
    registry = Registry.discover()
    assert "The middle of the wave" in explain("around", registry)
    assert "| `around` |" in reference(registry)


def test_a_key_that_there_is_not_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="there is no key 'boud': did you mean 'baud'"):
        explain("boud", REGISTRY)
