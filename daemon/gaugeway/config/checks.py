"""What no key can say alone: what belongs together is held against each other."""

from gaugeway.config.census import Census
from gaugeway.config.nodes import Mapping
from gaugeway.config.review import Review


def check(whole: object, census: Census, node: Mapping, review: Review) -> None:
    """Find the mistakes that show only when all parts are seen together."""
