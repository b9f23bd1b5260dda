"""Values as a person would write them: the way back from what a shape has read."""

import re
from collections.abc import Mapping as Table
from collections.abc import Sequence as Row
from enum import Enum
from pathlib import Path
from typing import cast

import msgspec

from gaugeway.config.shapes.amounts import DurationShape, SizeShape
from gaugeway.config.shapes.collections import ListShape, RowShape, TableShape
from gaugeway.config.shapes.places import SecretShape
from gaugeway.config.shapes.record import Field, StructShape
from gaugeway.config.shapes.union import Either, Optional, Tagged
from gaugeway.config.text.amounts import duration_words, size_text
from gaugeway.rule import Rate
from gaugeway.units import Quantity


def written(shape: object, value: object) -> object:
    """Return a value as plain data that says the same in a file; a secret is not shown."""
    if isinstance(shape, Optional):
        return written(shape.shape, value)
    if isinstance(shape, Either):
        return written(_fitting(shape, value), value)
    if isinstance(shape, SecretShape) and value is not None:
        return "***"
    if isinstance(shape, DurationShape) and isinstance(value, int | float):
        return duration_words(value)
    if isinstance(shape, SizeShape) and isinstance(value, int):
        return size_text(value)
    return _parts(shape, value)


def _fitting(shape: Either, value: object) -> object:
    """Return which of several shapes a value probably was read with."""
    if isinstance(value, float):
        kinds: tuple[type[object], ...] = (DurationShape,)
    elif isinstance(value, msgspec.Struct):
        kinds = (StructShape, Tagged)
    else:
        kinds = (ListShape, TableShape, RowShape) if isinstance(value, list | tuple | dict) else ()
    return next((one for one in shape.shapes if isinstance(one, kinds)), None)


def _parts(shape: object, value: object) -> object:
    if isinstance(value, msgspec.Struct) and not isinstance(value, Quantity | Rate):
        return _struct(shape, value)
    if isinstance(value, Table):
        inner = shape.value if isinstance(shape, TableShape) else None
        return {str(key): written(inner, one) for key, one in cast("Table[object, object]", value).items()}
    if isinstance(value, list | tuple):
        rows = shape.items if isinstance(shape, RowShape) else ()
        item = shape.item if isinstance(shape, ListShape) else None
        return [written(rows[at] if at < len(rows) else item, one) for at, one in enumerate(cast("Row[object]", value))]
    return _single(value)


def _single(value: object) -> object:
    if isinstance(value, Quantity | Rate | Path):
        return str(value)
    if isinstance(value, re.Pattern):
        return cast("re.Pattern[str]", value).pattern
    return value.value if isinstance(value, Enum) else value


def _struct(shape: object, value: msgspec.Struct) -> object:
    tag = value.__struct_config__.tag
    found: dict[str, object] = {} if tag is None else {value.__struct_config__.tag_field or "type": tag}
    if isinstance(shape, Tagged):
        shape = shape.kinds.get(str(tag))
    fields: Table[str, Field] = (
        cast("StructShape[object]", shape).record.fields if isinstance(shape, StructShape) else {}
    )
    for info in msgspec.structs.fields(value):
        one: object = getattr(value, info.name)
        field = fields.get(info.encode_name)
        if one is not None and (info.required or field is None or one != field.default):
            found[info.encode_name] = written(field.shape if field else None, one)
    return found
