"""A gateway that is no Envoy, for tests: a small web server with the faults it is told to have. Standard library only.

python gateway_program.py PORT [--listen-after S] [--ready-after S] [--mute FILE] [--deaf] [--say TEXT] [--exit CODE]

It answers /healthz with 503 until it is ready, /env?NAME with a variable of its environment, and everything else with
"hello". --mute answers nothing for as long as there is such a file, --deaf ignores SIGTERM, --exit prints what --say
said and ends at once.
"""

import argparse
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Gateway(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece: a kill between two would cut off an answer that has begun
    ready_at = 0.0
    speaks = threading.Event()
    """Cleared for as long as it is mute: whoever waits for it takes no processor time, as in a real hang."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        well = path != "/healthz" or time.monotonic() >= self.ready_at
        self.speaks.wait()
        body = (os.environ.get(query, "") if path == "/env" else "hello").encode("utf-8", "surrogateescape")
        self.send_response(200 if well else 503)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Takes many at once."""

    request_queue_size = 1024


def listen_to(file: Path) -> None:
    """Be mute while there is such a file."""
    while True:
        (Gateway.speaks.clear if file.exists() else Gateway.speaks.set)()
        time.sleep(0.05)


def main() -> None:
    """Do as told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--listen-after", type=float, default=0.0)
    parser.add_argument("--ready-after", type=float, default=0.0)
    parser.add_argument("--mute", default="")
    parser.add_argument("--deaf", action="store_true")
    parser.add_argument("--say", default="")
    parser.add_argument("--exit", type=int)
    asked = parser.parse_args()
    if asked.deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if asked.say:
        print(asked.say, flush=True)
    if asked.exit is not None:
        sys.exit(asked.exit)
    Gateway.ready_at = time.monotonic() + asked.ready_after
    Gateway.speaks.set()
    if asked.mute:
        threading.Thread(target=listen_to, args=(Path(asked.mute),), daemon=True).start()
    time.sleep(asked.listen_after)
    Server(("127.0.0.1", asked.port), Gateway).serve_forever()


if __name__ == "__main__":
    main()
