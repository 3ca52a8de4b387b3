"""Many streams of chat answers on one thread, over connections that are used again: what 512 clients at once are made
of."""

import asyncio
import contextlib
import json
import socket
import struct


class Refused(Exception):
    """The answer has another status than 200."""

    def __init__(self, status):
        super().__init__(f"HTTP {status}")
        self.status = status


class StreamClient:
    """One client, which asks one request after the other; an asynchronous context manager. A request that was not read
    to its end leaves the connection unusable until drop()."""

    def __init__(self, port):
        self.port = port
        self.reader = self.writer = None

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.drop()

    async def connect(self):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def drop(self, rudely=False):
        """`rudely`: with a reset, as the kernel does for a process that was killed."""
        if self.writer is None:
            return
        if rudely:
            linger = struct.pack("ii", 1, 0)
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()
        self.reader = self.writer = None

    async def send(self, members):
        """The status; what remains to be read is the body, in chunks or by its length."""
        await self.connect()
        body = json.dumps(members).encode()
        self.writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                          b"Content-Length: %d\r\n\r\n" % len(body) + body)
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.length = None
        for line in head.decode().lower().split("\r\n"):
            if line.startswith("content-length:"):
                self.length = int(line.split(":")[1])
        return int(head.split(b" ", 2)[1])

    async def body_of_chunks(self, on_piece):
        """Without the framing; None where `on_piece(number)` said by False that no more is wanted."""
        data = b""
        number = 0
        while not data.endswith(b"0\r\n\r\n"):  # the last chunk; others end in an event's two line feeds
            piece = await self.reader.read(1 << 16)
            if not piece:
                raise EOFError("the stream was cut")
            data += piece
            number += 1
            if on_piece is not None and on_piece(number) is False:
                return None
        body, position = b"", 0
        while position < len(data):
            line_end = data.index(b"\r\n", position)
            size = int(data[position:line_end], 16)
            body += data[line_end + 2:line_end + 2 + size]
            position = line_end + size + 4
        return body

    async def stream(self, members, on_piece=None):
        """The text and the reason of its end. `on_piece(number)` is called whenever something has come, and says by
        False that no more is wanted: the answer is None then."""
        status = await self.send({**members, "stream": True})
        if status != 200:
            await self.reader.readexactly(self.length or 0)
            raise Refused(status)
        body = await self.body_of_chunks(on_piece)
        return None if body is None else self.answer_of(body)

    @staticmethod
    def answer_of(body):
        text, reason = "", None
        lines = [line[6:] for line in body.decode().split("\n") if line.startswith("data: ")]
        if lines.pop() != "[DONE]":
            raise EOFError("the stream has no [DONE]")
        for event in map(json.loads, lines):
            if "error" in event:
                raise RuntimeError(event["error"]["message"])
            for choice in event["choices"]:
                text += choice["delta"].get("content") or ""
                reason = choice["finish_reason"] or reason
        return text, reason

    async def whole(self, members):
        status = await self.send(members)
        data = await self.reader.readexactly(self.length or 0)
        if status != 200:
            raise Refused(status)
        choice = json.loads(data)["choices"][0]
        return choice["message"]["content"], choice["finish_reason"]
