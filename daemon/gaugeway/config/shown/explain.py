"""What there is to say of one key, for who asks at the terminal."""

from collections.abc import Iterator

from gaugeway.config.shapes.record import Field
from gaugeway.config.shown.catalogue import Topic, topics
from gaugeway.config.shown.reference import as_text
from gaugeway.config.text.nearest import did_you_mean
from gaugeway.errors import ConfigError
from gaugeway.registry import Registry


def explain(key: str, registry: Registry) -> str:
    """Return the documentation of a key (`baud`, `serial.baud`, `alerts.for`); `ConfigError` where there is none."""
    known = list(topics(registry))
    wanted = key.strip().strip(".")
    found = [(topic, field) for topic in known for field in topic.fields if _is(wanted, topic, field)]
    about = [topic for topic in known if any(f".{path}".endswith(f".{wanted}") for path in _paths(topic))]
    if not found and not about:
        names = {field.name for topic in known for field in topic.fields} | {topic.path for topic in known}
        hint = did_you_mean(wanted.rpartition(".")[2], names)
        raise ConfigError(f"there is no key '{key}'" + (f": {hint}" if hint else ""))
    texts = [
        *("\n".join(_field(topic, field)) for topic, field in found),
        *("\n".join(_topic(topic)) for topic in about),
    ]
    return "\n\n".join(dict.fromkeys(texts))


def _paths(topic: Topic) -> tuple[str, ...]:
    """Return under which names a topic is found: one of several kinds of a mapping also by that kind, and with all."""
    place, tagged, kind = topic.path.rpartition(": ")
    whole = place.rpartition(".")[0]
    return (topic.path, whole, f"{whole}.{kind}") if tagged else (topic.path,)


def _is(wanted: str, topic: Topic, field: Field) -> bool:
    path = f"{topic.path}.{field.name}"
    return path == wanted or path.endswith(f".{wanted}")


def _field(topic: Topic, field: Field) -> Iterator[str]:
    yield f"{topic.path}.{field.name}".strip(".")
    if field.description:
        yield f"    {field.description}"
    yield f"    must be {field.shape.words}"
    if field.required:
        yield "    has to be there"
    elif field.usual not in (None, "", [], {}):
        yield f"    default: {as_text(field.usual)}"
    for example in field.examples:
        yield f"    example: {field.name}: {as_text(example)}"


def _topic(topic: Topic) -> Iterator[str]:
    yield topic.path
    yield from (f"    {line}".rstrip() for line in _paragraphs(topic.text))
    width = max((len(field.name) for field in topic.fields), default=0)
    yield from (f"      {field.name:{width}}  {field.description}".rstrip() for field in topic.fields)


def _paragraphs(text: str) -> Iterator[str]:
    """Yield each paragraph as one line, with an empty one between two: how wide a line is, is another's to say."""
    for number, paragraph in enumerate(text.split("\n\n")):
        yield from [""] * bool(number)
        yield " ".join(paragraph.split())
