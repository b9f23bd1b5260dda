"""What no key can say alone: what belongs together is held against each other."""

from gaugeway.config.checks.chains import check_chains
from gaugeway.config.checks.disk import check_disk
from gaugeway.config.checks.http import check_http
from gaugeway.config.checks.limits import check_number_of_sensors
from gaugeway.config.checks.making import check_making
from gaugeway.config.checks.quantities import check_quantities
from gaugeway.config.checks.rules import check_rules
from gaugeway.config.checks.sources import check_sources
from gaugeway.config.checks.subject import Subject
from gaugeway.config.text.review import Review


def check(subject: Subject, review: Review) -> None:
    """Find the mistakes that show only when all parts are seen together."""
    check_sources(subject, review)
    check_chains(subject, review)
    check_quantities(subject, review)
    rules_are_well = check_rules(subject, review)
    check_disk(subject, review)
    check_http(subject, review)
    check_number_of_sensors(subject, review)
    check_making(subject, review, rules_are_well=rules_are_well)
