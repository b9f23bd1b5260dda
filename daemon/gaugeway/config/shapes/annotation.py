"""From the annotation of an option to its shape: the one place that knows how types are written in the file."""

import re
import types
import typing
from collections.abc import Callable
from collections.abc import Mapping as Table
from collections.abc import Sequence as Row
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import Meta

from gaugeway.config.shapes.amounts import DurationShape, SizeShape
from gaugeway.config.shapes.bounds import Bounds
from gaugeway.config.shapes.choice import Choice
from gaugeway.config.shapes.collections import AnyShape, ListShape, RowShape, TableShape
from gaugeway.config.shapes.places import AddressShape, PathShape, PatternShape, SecretShape
from gaugeway.config.shapes.quantities import QuantityShape, RateShape, UnitShape
from gaugeway.config.shapes.record import Field, Record, StructShape
from gaugeway.config.shapes.scalars import Number, Text, Truth, Whole
from gaugeway.config.shapes.shape import Shape
from gaugeway.config.shapes.union import Either, Optional, Tagged
from gaugeway.errors import PluginError
from gaugeway.options import marker
from gaugeway.rule import Rate
from gaugeway.units import Quantity

T = TypeVar("T")
Metas = tuple[Meta, ...]
MARKED: Final = frozenset[object]((float, int, str, Path))
TABLES: Final = frozenset[object]((dict, Table))
UNIONS: Final = (Union, types.UnionType)
LISTS: Final[Table[object, Callable[[list[object]], object]]] = {
    list: list, tuple: tuple, set: set, frozenset: frozenset, Row: tuple,
}  # fmt: skip


@lru_cache(maxsize=1024)
def shape_of(annotation: object) -> Shape[object]:
    """Return the shape that an annotation describes."""
    return _shape(annotation, ())


def field_of(name: str, annotation: object, default: object, *, required: bool) -> Field:
    """Return an option as a field, with the description and the examples of its annotation."""
    metas = _described(annotation)
    examples = [example for meta in metas for example in meta.examples or ()]
    return Field(
        name=name,
        shape=shape_of(annotation),
        required=required,
        default=default,
        description=next((meta.description for meta in reversed(metas) if meta.description), ""),
        examples=tuple(examples),
    )


@lru_cache(maxsize=256)
def struct_shape(struct: type[T], about: str = "") -> StructShape[T]:
    """Return the shape of a msgspec struct, under the names that its fields have in the file."""
    found = msgspec.structs.fields(cast("type[msgspec.Struct]", struct))
    fields = [field_of(info.encode_name, info.type, _default(info), required=info.required) for info in found]
    return StructShape(struct, {info.encode_name: info.name for info in found}, Record(fields, about))


def _default(info: msgspec.structs.FieldInfo) -> object:
    if info.default is not msgspec.NODEFAULT:
        return info.default
    return None if info.default_factory is msgspec.NODEFAULT else info.default_factory()


def _described(annotation: object) -> Metas:
    """Return what is said of an option; where the whole says nothing, what its parts say."""
    bare, metas = _unwrapped(annotation)
    parts = get_args(bare) if get_origin(bare) in UNIONS else ()
    return tuple(meta for part in parts for meta in _unwrapped(part)[1]) + metas


def _unwrapped(annotation: object) -> tuple[object, Metas]:
    if get_origin(annotation) is not Annotated:
        return annotation, ()
    inner, *extras = get_args(annotation)
    bare, metas = _unwrapped(inner)
    return bare, (*metas, *(extra for extra in extras if isinstance(extra, Meta)))


def _shape(annotation: object, outer: Metas) -> Shape[object]:
    bare, own = _unwrapped(annotation)
    metas = own + outer
    mark = next((found for meta in reversed(metas) if (found := marker(meta))), None)
    if get_origin(bare) in UNIONS:
        return _union(get_args(bare), metas)
    if mark is not None and bare in MARKED:
        return _marked(mark, metas)
    origin = get_origin(bare)
    if origin is Literal:
        return Choice({str(value): value for value in get_args(bare)})
    if origin is re.Pattern or bare is re.Pattern:
        return PatternShape()
    if origin is not None:
        return _generic(origin, get_args(bare), metas)
    return _plain(bare, metas)


def _plain(bare: object, metas: Metas) -> Shape[object]:
    simple = _scalar(bare, metas)
    if simple is not None:
        return simple
    if bare in LISTS or bare is dict:
        return _generic(bare, (), metas)
    if isinstance(bare, type) and issubclass(bare, Enum):
        return Choice({str(member.value): member for member in bare})
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        return struct_shape(bare, f"of {bare.__name__.lower()}") if _tag(bare) is None else _tagged([bare])
    if bare is object or bare is typing.Any:
        return AnyShape()
    raise PluginError(f"has an option of the type {bare}, which a configuration file cannot express")


def _scalar(bare: object, metas: Metas) -> Shape[object] | None:
    makers: dict[object, Callable[[], Shape[object]]] = {
        bool: Truth,
        int: lambda: Whole(Bounds.of(metas)),
        float: lambda: Number(Bounds.of(metas)),
        str: lambda: _text(metas),
        Path: PathShape,
        Quantity: QuantityShape,
        Rate: RateShape,
        type(None): AnyShape,
    }
    make = makers.get(bare) if isinstance(bare, type) else None
    return make() if make else None


def _text(metas: Metas) -> Shape[object]:
    return Text(
        pattern=next((meta.pattern for meta in reversed(metas) if meta.pattern is not None), None),
        least=next((meta.min_length for meta in reversed(metas) if meta.min_length is not None), 0),
        most=next((meta.max_length for meta in reversed(metas) if meta.max_length is not None), None),
    )


def _address(metas: Metas) -> AddressShape:
    pattern = next((meta.pattern for meta in metas if meta.pattern), None)
    example = next((str(meta.examples[0]) for meta in metas if meta.examples), None)
    return AddressShape(pattern) if example is None else AddressShape(pattern, example)


def _marked(mark: str, metas: Metas) -> Shape[object]:
    makers: dict[str, Callable[[], Shape[object]]] = {
        "duration": lambda: DurationShape(Bounds.of(metas)),
        "size": lambda: SizeShape(Bounds.of(metas)),
        "path": PathShape,
        "secret": SecretShape,
        "address": lambda: _address(metas),
        "unit": UnitShape,
        "pattern": PatternShape,
    }
    if mark not in makers:
        raise PluginError(f"has an option with the unknown mark '{mark}'")
    return makers[mark]()


def _generic(origin: object, arguments: tuple[object, ...], metas: Metas) -> Shape[object]:
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        return RowShape(tuple(_shape(argument, ()) for argument in arguments))
    if origin in LISTS:
        least = next((meta.min_length for meta in reversed(metas) if meta.min_length is not None), 0)
        most = next((meta.max_length for meta in reversed(metas) if meta.max_length is not None), None)
        item = _shape(arguments[0], ()) if arguments else AnyShape()
        return ListShape(item, LISTS[origin], least=least, most=most)
    if origin in TABLES:
        key = _shape(arguments[0], ()) if arguments and arguments[0] is not str else None
        return TableShape(_shape(arguments[1], ()) if arguments else AnyShape(), key)
    raise PluginError(f"has an option of the type {origin}, which a configuration file cannot express")


def _union(members: tuple[object, ...], metas: Metas) -> Shape[object]:
    given = [member for member in members if member is not type(None)]
    kinds = [member for member in given if _tag(member) is not None]
    shapes = [_tagged(kinds)] if kinds else []
    shapes += [_shape(member, metas) for member in given if member not in kinds]
    shape = shapes[0] if len(shapes) == 1 else Either(tuple(shapes))
    return Optional(shape) if len(given) < len(members) else shape


def _tag(member: object) -> str | None:
    """Return the tag of a struct that has one, which tells it from the others of its union."""
    if isinstance(member, type) and issubclass(member, msgspec.Struct):
        tag = member.__struct_config__.tag
        return None if tag is None else str(tag)
    return None


def _tagged(structs: Row[object]) -> Shape[object]:
    kinds: dict[str, Shape[object]] = {}
    key = "type"
    for struct in structs:
        if isinstance(struct, type) and issubclass(struct, msgspec.Struct):
            key = struct.__struct_config__.tag_field or key
            name = _tag(struct) or ""
            kinds[name] = struct_shape(struct, f"for {key} '{name}'")
    return Tagged(key, kinds)
