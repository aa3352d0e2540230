"""A minimal gateway of your own: it listens on the given port and answers health checks.

    python3 gateway.py PORT NAME

Everything else (running several, balancing, failover, restarts, drains) is done by hactl.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Gateway(BaseHTTPRequestHandler):
    """Answers `/healthz` for the health checks, and everything else with the name it was given."""

    protocol_version = "HTTP/1.1"  # keeps connections: the edges use them again

    def do_GET(self) -> None:
        """One request."""
        body = b"ok\n" if self.path == "/healthz" else f"hello from {sys.argv[2]}\n".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_: object) -> None:
        """Not every request: the edges log those."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Gateway).serve_forever()
