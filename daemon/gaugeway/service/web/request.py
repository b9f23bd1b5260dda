"""HTTP as far as it is needed: one request with GET or HEAD, one answer, and the connection is closed."""

from typing import Final, NamedTuple

LONGEST: Final = 8 * 1024
END: Final = (b"\r\n\r\n", b"\n\n")
REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Page(NamedTuple):
    """What is answered: a status, and a body of some kind."""

    status: int
    body: bytes
    kind: str = "text/plain; charset=utf-8"


class Request(NamedTuple):
    """What somebody asks for."""

    method: str
    path: str


def is_whole(head: bytes | bytearray) -> bool:
    """Tell whether the request is there to its end."""
    return any(end in head for end in END)


def read(head: bytes) -> Request | Page:
    """Return what a whole request asks for, or the answer to one that is none."""
    words = head.partition(b"\n")[0].strip().split(b" ")
    if len(words) != 3 or not words[2].startswith(b"HTTP/1.") or not words[1].startswith(b"/"):
        return refusal(400, "this is no request that an HTTP server understands")
    if words[0] not in (b"GET", b"HEAD"):
        return refusal(405, "only GET and HEAD are answered")
    return Request(words[0].decode(), words[1].partition(b"?")[0].decode("latin-1"))


def refusal(status: int, sentence: str) -> Page:
    """Return an answer that is only a sentence."""
    return Page(status, sentence.encode() + b"\n")


def written(page: Page, *, head_only: bool = False) -> bytes:
    """Return an answer as it goes over the line."""
    lines = [
        f"HTTP/1.1 {page.status} {REASONS[page.status]}",
        f"Content-Type: {page.kind}",
        f"Content-Length: {len(page.body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    allow = ["Allow: GET, HEAD"] if page.status == 405 else []
    return "\r\n".join([*lines, *allow, "", ""]).encode() + (b"" if head_only else page.body)
