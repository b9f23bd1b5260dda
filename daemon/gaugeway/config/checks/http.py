"""Where the HTTP server listens, and who could then read from it."""

from gaugeway.config.checks.subject import Subject
from gaugeway.config.text.review import Review
from gaugeway.endpoint import endpoint


def check_http(subject: Subject, review: Review) -> None:
    """Find an address that is none, a server that serves nothing, and one that the whole network can read from."""
    http = subject.whole.http
    if http is None:
        return
    at = subject.place("http", "listen")
    try:
        where = endpoint(http.listen)
    except ValueError as error:
        review.error(at, f"'listen' {error}")
        return
    if not (http.metrics or http.health):
        review.error(subject.place("http"), "the HTTP server has nothing to serve", "leave `http` out to have none")
    elif not where.is_loopback:
        review.warn(
            at,
            f"anybody on the network can read readings and faults at {http.listen}, without a password",
            f"write 127.0.0.1:{where.port} if only programs of this computer ask, or keep others out with a firewall",
        )
