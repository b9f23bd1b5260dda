"""The limits of a configuration against what it declares and what it would cost."""

from gaugeway.config.checks.subject import Subject
from gaugeway.config.text.review import Review
from gaugeway.plan import Plan


def check_number_of_sensors(subject: Subject, review: Review) -> None:
    """Find more sensors than there may be."""
    most, declared = subject.whole.limits.max_sensors, len(subject.census.names)
    if declared > most:
        review.error(
            subject.place("limits", "max_sensors"),
            f"{declared} sensors are declared, and there may be {most}",
            f"write 'limits: {{max_sensors: {declared}}}' if that is meant",
        )


def check_cost(plan: Plan, subject: Subject, review: Review) -> None:
    """Find limits that the plan may exceed."""
    if subject.written.get("limits") is not None:
        from gaugeway.config.cost.cost import cost  # noqa: PLC0415  (few files state any)

        for key, sentence in cost(plan).exceeding(plan):
            review.error(subject.place("limits", key), f"{sentence}, which is more than the limit")
