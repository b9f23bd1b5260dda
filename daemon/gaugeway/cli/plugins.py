"""`gaugeway plugins`: every source, stage and sink with its options."""

import sys
from typing import Final, cast, get_args

import msgspec

from gaugeway.card import Role
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.folded import folded
from gaugeway.cli.speech.words import Words
from gaugeway.config.sections.sensors import is_sensors, own_fields
from gaugeway.config.shapes.annotation import field_of
from gaugeway.config.shapes.record import Field
from gaugeway.config.shown.reference import as_text
from gaugeway.config.text.nearest import did_you_mean
from gaugeway.plugin import Option, Plugin
from gaugeway.registry import Registry
from gaugeway.sensor import Kind

ROLES: Final[tuple[Role, ...]] = get_args(Role)


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "List the plugins that can be used in a configuration, with their options.\n"
        "Exit codes: 0 well, 1 a plugin is refused, 2 there is none of this name.",
        "gaugeway plugins --role stage --kind pressure",
    )
    taken.value("name", "only this one, with all that is known of its options", "", metavar="NAME")
    taken.choice("--role", "only sources, stages, sinks or behaviours", ROLES)
    taken.choice("--kind", "only those for this kind of sensor", get_args(Kind))
    taken.value("--folder", "also look into this drop-in folder", metavar="DIR")
    taken.switch("--json", "print JSON")
    return taken


def run(words: Words) -> int:
    """List them; what was refused is told last, on standard error."""
    folder = words.folder("--folder")
    registry = Registry.discover([folder] if folder else [])
    role, kind = cast("Role | None", words.maybe("--role")), cast("Kind | None", words.maybe("--kind"))
    wanted = words.text("name")
    found = [plugin for plugin in registry.usable(role, kind) if wanted in ("", plugin.name)]
    if words.on("--json"):
        print(msgspec.json.format(msgspec.json.encode([_as_dict(plugin) for plugin in found]), indent=2).decode())
    else:
        _print(found, in_full=bool(wanted))
    for refusal in registry.refusals:
        print(f"refused: {refusal}", file=sys.stderr)
    if wanted and not found:
        guess = did_you_mean(wanted, {plugin.name for plugin in registry.usable(role, kind)}, listing=False)
        hint = guess or ("" if folder else "--folder names the folder where your own are")
        print(
            f"gaugeway plugins: there is no plugin called '{wanted}'" + (f": {hint}" if hint else ""), file=sys.stderr
        )
        return exits.USAGE
    return exits.UNWELL if registry.refusals else exits.WELL


def _print(plugins: list[Plugin], *, in_full: bool) -> None:
    for role in ROLES:
        of_role = [plugin for plugin in plugins if plugin.role == role]
        if of_role:
            print(f"{role}s:")
        for plugin in of_role:
            about = f"  {plugin.name:<12} {plugin.description}"
            show(about if plugin.kinds == ("any",) else f"{about} [{', '.join(plugin.kinds)}]")
            if in_full:
                _print_in_full(plugin)
            elif plugin.options:
                show(f"  {'':<12}   options: {', '.join(plugin.options)}")


def _print_in_full(plugin: Plugin) -> None:
    print(f"  {'':<12} from {plugin.origin}" + (f", version {plugin.version}" if plugin.version else ""))
    for option in plugin.options.values():
        show(f"    {option.name:<16} {_shown(option)}")
        for field in own_fields(option.annotation):
            show(f"      {field.name:<14} {_told(field)}")
    nested = [name for name, option in plugin.options.items() if _shown(option).startswith("a mapping")]
    if nested and plugin.origin.startswith("package"):
        show(f"    `gaugeway check --explain {plugin.name}.{nested[-1]}` says what stands in a mapping")


def show(line: str) -> None:
    """Print a line that may be long."""
    print(folded(line))


def _as_dict(plugin: Plugin) -> dict[str, object]:
    return {
        "role": plugin.role,
        "name": plugin.name,
        "kinds": plugin.kinds,
        "description": plugin.description,
        "version": plugin.version,
        "origin": plugin.origin,
        "options": {option.name: _shown(option) for option in plugin.options.values()},
    }


def _shown(option: Option) -> str:
    """Return what may be written for an option, its default, and what it does."""
    if is_sensors(option.annotation):
        more = ": besides what every sensor has, of each" if own_fields(option.annotation) else ""
        return f"a mapping of sensor names to their properties{more}"
    return _told(field_of(option.name, option.annotation, option.default, required=option.required))


def _told(field: Field) -> str:
    usual = f"default {as_text(field.usual)}" if field.usual not in (None, "", [], {}) else ""
    note = "required" if field.required else usual
    return f"{field.shape.words}{f' ({note})' if note else ''}. {field.description}".strip()
