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
    for candidate in allowed:
        limit = _tolerance(word, candidate)
        if abs(len(candidate) - len(word)) <= limit:
            slips = distance(_folded(word), _folded(candidate))
            if slips <= limit:
                near.append((slips, candidate))
    least = min((slips for slips, _ in near), default=0)
    # Of words as near, first those of the same letters, then those that begin alike.
    return sorted(
        dict.fromkeys(candidate for slips, candidate in near if slips == least),
        key=lambda candidate: (sorted(word) != sorted(candidate), word[:1] != candidate[:1]),
    )


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return the question as a hint; where nothing is near, what is allowed; empty where that is much."""
    words = list(allowed)
    guesses = nearest_few(word, words)
    if guesses:
        return "did you mean " + " or ".join(f"'{guess}'" for guess in guesses[:2]) + "?"
    return f"there is {listed(words)}" if words and len(words) <= 12 else ""


def listed(words: Iterable[str]) -> str:
    """Return words as people list them: `a, b and c`."""
    some = list(words)
    return " and ".join(part for part in (", ".join(some[:-1]), some[-1]) if part) if some else "none"


def distance(a: str, b: str) -> int:
    """Count the slips between two words: a letter too many, too few, wrong, or two that changed places."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before_that, before, row = before, row, [i] + [0] * len(b)
        for j, other in enumerate(b, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                row[j] = min(row[j], before_that[j - 2] + 1)
    return row[-1]


def _tolerance(word: str, candidate: str) -> int:
    longer = max(len(word), len(candidate))
    return 0 if longer < 2 else 1 if longer <= 4 else 2 if longer <= 9 else 3


def _folded(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")
