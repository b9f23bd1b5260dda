"""The configuration reference, written from the types that also read the file."""

from collections.abc import Iterator

import msgspec

from gaugeway.config.shapes.record import Field
from gaugeway.config.shown.catalogue import Topic, topics
from gaugeway.registry import Registry

PREFACE = """\
# Configuration reference

Every key of a gateway's file. `docs/generate.py` writes it from the types that also read the file, so it cannot say
anything else than they do. `gaugeway check --explain KEY` prints the part about one key. The files in
[configs/](../configs) show them at work, [every-option.yaml](../configs/every-option.yaml) nearly all of them at once.

Values are written as people write them: durations `500ms`, `30s`, `5min`, `1h 30min`; sizes `512KiB`, `10MB`;
quantities `85 °C`, `1.2 bar`, or a bare number in the unit of the sensor. A text that YAML would read as something
else (`no`, `1.10`) stands in quotes. `!secret NAME`, `${NAME}` and `${NAME:-default}` may stand for any value,
`!include FILE` for any part. A path that does not begin with `/` begins at the folder of the file.
"""


def reference(registry: Registry) -> str:
    """Return the reference as Markdown, with the options of all plugins that can be used."""
    return "\n".join([PREFACE, *(line for topic in topics(registry) for line in _section(topic))])


def _section(topic: Topic) -> Iterator[str]:
    depth = min(2 + topic.path.count("."), 4)
    yield f"{'#' * depth} {topic.title}\n"
    yield f"{topic.text}\n"
    if topic.fields:
        yield "| key | what is written | what it means |\n|---|---|---|"
        yield from (_row(field) for field in topic.fields)
        yield ""


def _row(field: Field) -> str:
    usual = "required" if field.required else ""
    if field.usual not in (None, "", [], {}):
        usual = f"default `{as_text(field.usual)}`"
    written = "; ".join(part for part in (field.shape.words, usual) if part)
    examples = ", ".join(f"`{as_text(example)}`" for example in field.examples)
    meaning = " ".join(part for part in (field.description, f"Example: {examples}" if examples else "") if part)
    return f"| `{field.name}` | {_cell(written)} | {_cell(meaning)} |"


def as_text(value: object) -> str:
    """Return plain data in one line, as it may stand in a file."""
    if isinstance(value, str):
        return value.replace("\r", "\\r").replace("\n", "\\n")
    return msgspec.json.encode(value).decode().replace('":', '": ').replace(',"', ', "')


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("\r", "\\r")
