"""Servers on loopback that take what is sent to them: one for HTTP, one for mail."""

import base64
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Self

import msgspec


class Served:
    """A server on a thread of its own, as long as it is wanted."""

    def __init__(self, server: ThreadingTCPServer | ThreadingHTTPServer) -> None:
        server.daemon_threads = False
        self.port = int(server.server_address[1])
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Request(msgspec.Struct):
    """What came: the path, the headers in small letters, the body."""

    path: str
    headers: dict[str, str]
    body: bytes


class Hook(Served):
    """Keeps each request and answers with the next status of `answers`, then with 200."""

    def __init__(self, port: int = 0, tls: tuple[Path, Path] | None = None) -> None:
        self.requests: list[Request] = []
        self.answers: list[int] = []
        self.headers: dict[str, str] = {}
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                hook.requests.append(Request(self.path, headers, body))
                self.send_response(hook.answers.pop(0) if hook.answers else 200)
                for name, value in hook.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        super().__init__(server)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def bodies(self) -> list[object]:
        """The bodies, decoded."""
        return [msgspec.json.decode(request.body) for request in self.requests]


class Mail(msgspec.Struct):
    """What came: from whom, for whom, the text, and how the line was."""

    sender: str
    to: list[str]
    text: str
    encrypted: bool
    user: str


class Post(Served):
    """A mail server: `answers` says what is answered to a command instead of yes, one time each."""

    def __init__(self, certificate: tuple[Path, Path] | None = None, *, tls: bool = False) -> None:
        self.mails: list[Mail] = []
        self.answers: dict[str, list[str]] = {}
        self.connections = 0
        self.context: ssl.SSLContext | None = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.tls = tls
        post = self

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                Conversation(post, self.request).run()

        super().__init__(ThreadingTCPServer(("127.0.0.1", 0), Handler))


class Conversation:
    """One connection to a mail server."""

    def __init__(self, post: Post, line: socket.socket) -> None:
        self.post = post
        self.line = line
        self.encrypted = False
        self.user = self.sender = ""
        self.to: list[str] = []
        post.connections += 1

    def run(self) -> None:
        """Talk until the other side has enough."""
        try:
            if self.post.tls:
                self._encrypt()
            self._say("220 test")
            while self._obey(self._line()):
                pass
        except OSError:
            pass  # the other side has gone: a certificate that it does not trust, say
        finally:
            self.line.close()

    def _obey(self, command: str) -> bool:
        word = command.partition(" ")[0].upper()
        prepared = self.post.answers.get(word)
        if prepared:
            self._say(prepared.pop(0))
            return True
        if word == "EHLO":
            offer = "" if self.encrypted or self.post.context is None else "250-STARTTLS\r\n"
            self._say(f"250-test\r\n{offer}250 AUTH PLAIN")
        elif word == "STARTTLS":
            self._say("220 go")
            self._encrypt()
        elif word == "AUTH":
            self.user = base64.b64decode(command.split(" ")[2]).decode().replace("\0", " ").strip()
            self._say("235 welcome")
        elif word == "MAIL":
            self.sender, self.to = _address(command), []
            self._say("250 yes")
        elif word == "RCPT":
            self.to.append(_address(command))
            self._say("250 yes")
        elif word == "DATA":
            self._take()
        else:
            self._say("221 bye" if word == "QUIT" else "250 yes")
        return word not in ("QUIT", "")

    def _take(self) -> None:
        self._say("354 go on")
        lines: list[str] = []
        while (line := self._line()) != ".":
            lines.append(line.removeprefix("."))
        prepared = self.post.answers.get("END")
        if prepared:
            self._say(prepared.pop(0))
            return
        self.post.mails.append(Mail(self.sender, self.to, "\n".join(lines), self.encrypted, self.user))
        self._say("250 taken")

    def _encrypt(self) -> None:
        assert self.post.context is not None
        self.line = self.post.context.wrap_socket(self.line, server_side=True)
        self.encrypted = True

    def _line(self) -> str:
        taken = b""
        while not taken.endswith(b"\r\n"):
            one = self.line.recv(1)
            if not one:
                return "" if not taken else taken.decode()
            taken += one
        return taken.decode().removesuffix("\r\n")

    def _say(self, text: str) -> None:
        self.line.sendall(text.encode() + b"\r\n")


def _address(command: str) -> str:
    return command.partition("<")[2].partition(">")[0]
