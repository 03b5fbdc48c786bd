"""A way to PostgreSQL that a test may cut, slow down or let fall silent: TCP in, its socket out."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import URL, make_url

CHUNK = 65_536


class Proxy:
    """Passes on what comes, unless it is told otherwise; what it is told holds from then on.

    `accepted` counts the connections that were made through it.
    """

    def __init__(self, url: str) -> None:
        """`url` is that of a database behind a Unix socket."""
        self._behind = make_url(url)
        self._socket = f"{self._behind.query['host']}/.s.PGSQL.5432"
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.accepted = 0
        self.port = 0
        self.gone = False
        # Seconds that everything which comes from the server is held back.
        self.delay = 0.0
        # What a client says, upon which his line is cut: before, or after it was passed on.
        self.cut_before: bytes | None = None
        self.cut_after: bytes | None = None

    @property
    def url(self) -> str:
        """Of the same database, by this way."""
        changed: URL = self._behind.set(host="127.0.0.1", port=self.port)
        changed = changed.set(query={"sslmode": "disable", "gssencmode": "disable"})
        return changed.render_as_string(hide_password=False)

    def cut(self) -> None:
        """Every connection that is open ends; new ones are made unless `gone` is set."""
        done = threading.Event()

        def end() -> None:
            for writer in list(self._open):
                writer.transport.abort()
            done.set()

        self._loop.call_soon_threadsafe(end)
        assert done.wait(10)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody is reached until the end of the block."""
        self.gone = True
        self.cut()
        try:
            yield
        finally:
            self.gone = False

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        """It listens on a free port of 127.0.0.1 until the end of the block."""
        listening = threading.Event()
        thread = threading.Thread(target=self._run, args=(listening.set,), name="proxy")
        thread.start()
        try:
            assert listening.wait(10)
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._ending.set)
            thread.join(10)
            assert not thread.is_alive()

    def _run(self, listening: Callable[[], None]) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(listening))

    async def _serve(self, listening: Callable[[], None]) -> None:
        self._ending = asyncio.Event()
        server = await asyncio.start_server(self._take, "127.0.0.1", 0, backlog=256)
        self.port = server.sockets[0].getsockname()[1]
        listening()
        await self._ending.wait()
        server.close()
        while self._tasks:
            for writer in list(self._open):
                writer.transport.abort()
            await asyncio.wait(self._tasks)

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = self._loop.create_task(self._pass_on(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.gone:
            writer.transport.abort()
            return
        to_server = await asyncio.open_unix_connection(self._socket)
        both = {writer, to_server[1]}
        self._open |= both
        pumps = (self._pump_out(reader, to_server[1]), self._pump_back(to_server[0], writer))
        passing = [asyncio.create_task(pump) for pump in pumps]
        await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        for task in passing:
            task.cancel()
        for side in both:
            side.transport.abort()
        self._open -= both

    async def _pump_out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                if self.cut_before is not None and self.cut_before in chunk:
                    return
                writer.write(chunk)
                await writer.drain()
                if self.cut_after is not None and self.cut_after in chunk:
                    return

    async def _pump_back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(chunk)
                await writer.drain()
