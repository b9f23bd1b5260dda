"""Names that people give: of sensors, sources, sinks, stages and rules."""

import re
from typing import Final

from gaugeway.config.text.nearest import nearest
from gaugeway.config.text.nodes import Mapping, Node, Scalar
from gaugeway.config.text.review import Review
from gaugeway.sensor import GLOB_CHARACTERS

UNFIT: Final = re.compile(r"[+#/\s\x00-\x1f{}\"'\\]")
LONGEST: Final = 128


def check_name(what: str, key: Scalar, review: Review, *, of: Node, glob: bool = False) -> bool:
    """Tell whether a name can stand in topics, files and commands; the review is told why not.

    Nothing is said of braces in the name of what (`of`) has a misspelt `each`, which is told of by itself.
    """
    name = key.value
    unfit = UNFIT.search(name)
    if "{" in name and isinstance(of, Mapping) and any(nearest(entry.key.value, ["each"]) for entry in of):
        return False
    if not name or name.startswith("."):
        review.error(key, f"a {what} needs a name that begins with a letter or a digit")
    elif len(name) > LONGEST:
        review.error(key, f"the name of a {what} has at most {LONGEST} characters")
    elif unfit is not None:
        shown = "a blank" if unfit[0].isspace() else f"'{unfit[0]}'"
        better = re.sub(r"_+", "_", UNFIT.sub("_", name)).strip("_")
        hint = "put a blank after the colon" if ":" in name[: unfit.start()] else f"did you mean '{better}'?"
        review.error(key, f"the name of a {what} cannot contain {shown}", hint if better else "")
    elif not name.isprintable():
        review.error(key, f"the name of a {what} cannot contain {_invisible(name)}, which nobody sees", "delete it")
    elif not glob and GLOB_CHARACTERS.intersection(name):
        review.error(key, f"the name of a {what} cannot contain *, ? or [")
    else:
        return True
    return False


def _invisible(name: str) -> str:
    return next(f"U+{ord(letter):04X}" for letter in name if not letter.isprintable())
