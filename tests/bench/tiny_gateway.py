"""The cheapest gateway there is, for a hundred nodes: `python -IS tiny_gateway.py PORT` answers every request alike.

One thread and an epoll, about 9 MB. Requests have no body, and each comes whole and alone: edges and probes do that.
"""

import contextlib
import select
import socket
import sys

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n"
LAST_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n"
LONGEST = 1 << 16
"""Bytes of the longest head."""


def main(port: int) -> None:
    """Answer until killed."""
    poll = select.epoll()
    connections: dict[int, socket.socket] = {}
    with socket.create_server(("127.0.0.1", port), backlog=1024) as server:
        server.setblocking(False)
        poll.register(server, select.EPOLLIN)
        while True:
            for number, _ in poll.poll():
                if number == server.fileno():
                    with contextlib.suppress(OSError):  # gone again before it was taken
                        connection, _ = server.accept()
                        connections[connection.fileno()] = connection
                        poll.register(connection, select.EPOLLIN)
                elif not answered(connections[number]):
                    connections.pop(number).close()


def answered(connection: socket.socket) -> bool:
    """Answer one request; False when there will be no other on this connection."""
    try:
        head = connection.recv(LONGEST)
        if not head:
            return False
        last = b"connection: close" in head.lower()
        connection.sendall(LAST_ANSWER if last else ANSWER)
    except OSError:
        return False
    return not last


if __name__ == "__main__":
    main(int(sys.argv[1]))
