"""The word that somebody meant: the nearest of those allowed."""

from collections.abc import Iterable

LONGEST = 64


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed word that a slip of the fingers turns into `word`, or None where none is near."""
    return next(iter(nearest_few(word, allowed)), None)


def nearest_few(word: str, allowed: Iterable[str]) -> list[str]:
    """Return all allowed words that are nearest, the likeliest first."""
    if not word or len(word) > LONGEST or word.isdigit():
        return []
    near: list[tuple[int, str]] = []
    least = LONGEST
    meant = _folded(word)
    letters = set(meant)
    for candidate in allowed:
        limit = _tolerance(word, candidate)
        other = _folded(candidate)
        # One slip brings in and takes out a letter at most: this alone rules nearly all out, at little cost.
        if abs(len(other) - len(meant)) <= limit and len(letters.symmetric_difference(other)) <= 2 * limit:
            slips = distance(meant, other, min(limit, least))
            if slips <= min(limit, least):
                near.append((slips, candidate))
                least = slips
    # Of words as near, first those of the same letters, then those that begin alike.
    return sorted(
        dict.fromkeys(candidate for slips, candidate in near if slips == least),
        key=lambda candidate: (sorted(word) != sorted(candidate), word[:1] != candidate[:1]),
    )


def did_you_mean(word: str, allowed: Iterable[str], *, listing: bool = True) -> str:
    """Return the question as a hint; where nothing is near, what is allowed if asked for; empty where that is much."""
    words = list(allowed)
    guesses = nearest_few(word, words)
    if guesses:
        return "did you mean " + " or ".join(f"'{guess}'" for guess in guesses[:2]) + "?"
    return f"there is {listed(words)}" if listing and words and len(words) <= 12 else ""


def listed(words: Iterable[str]) -> str:
    """Return words as people list them: `a, b and c`."""
    some = list(words)
    return " and ".join(part for part in (", ".join(some[:-1]), some[-1]) if part) if some else "none"


def distance(a: str, b: str, most: int = LONGEST) -> int:
    """Count the slips between two words: a letter too many, too few, wrong, or two that changed places.

    Where there are more than `most`, any number above it is returned, and soon.
    """
    a, b = _without_common_ends(a, b)
    if not a or not b:
        return len(a) + len(b)
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before_that, before, row = before, row, [i] + [most + 1] * len(b)
        for j in range(max(1, i - most), min(len(b), i + most) + 1):
            other = b[j - 1]
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                least = min(least, before_that[j - 2] + 1)
            row[j] = least
        if min(row) > most and min(before) > most:
            break
    return row[-1]


def _without_common_ends(a: str, b: str) -> tuple[str, str]:
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    a, b = a[start:], b[start:]
    end = 0
    while end < min(len(a), len(b)) and a[-1 - end] == b[-1 - end]:
        end += 1
    return a[: len(a) - end], b[: len(b) - end]


def _tolerance(word: str, candidate: str) -> int:
    longer = max(len(word), len(candidate))
    return 0 if longer < 2 else 1 if longer <= 4 else 2 if longer <= 9 else 3


def _folded(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")
