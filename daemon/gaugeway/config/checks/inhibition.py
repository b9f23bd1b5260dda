"""Who silences whom, among all rules of a configuration."""

from collections.abc import Mapping

from gaugeway.rule import Complaint, Rule


def entanglements(rules: Mapping[str, Rule]) -> list[tuple[str, Complaint]]:
    """Return, by rule, what is wrong with who silences whom: unknown names, and circles that would silence all."""
    found: list[tuple[str, Complaint]] = []
    for name, rule in rules.items():
        for other in rule.inhibited_by:
            if other not in rules and "@" not in other:
                found.append((name, ("inhibited_by", f"there is no rule '{other}'")))
            elif _reaches(other, name, rules, set()):
                found.append((name, ("inhibited_by", f"'{other}' waits for '{name}' in turn: both would be silent")))
    return found


def _reaches(start: str, goal: str, rules: Mapping[str, Rule], seen: set[str]) -> bool:
    if start == goal:
        return True
    if start in seen or start not in rules:
        return False
    seen.add(start)
    return any(_reaches(other, goal, rules, seen) for other in rules[start].inhibited_by)
