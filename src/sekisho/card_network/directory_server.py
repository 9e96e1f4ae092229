"""The 3-D Secure directory server over HTTP (TLS in production: the address decides)."""

from __future__ import annotations

import aiohttp

from sekisho.card_network.errors import DirectoryServerFailed

MAX_ANSWER_BYTES = 65_536
MAX_CONNECTIONS = 64


class HttpDirectoryServer:
    """Posts AReq messages to ``url`` and waits at most ``answer_s`` seconds."""

    def __init__(self, url: str, *, answer_s: float) -> None:
        self._url = url
        self._answer_s = answer_s
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, body: bytes) -> bytes:
        """Return the answer's body. Raises ``DirectoryServerFailed``; its text says how, never
        with what."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._answer_s),
                connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS),
                trust_env=False,
            )
        try:
            async with self._session.post(
                self._url,
                data=body,
                headers={"Content-Type": "application/json; charset=utf-8"},
                allow_redirects=False,
            ) as answer:
                if answer.status != 200:
                    raise DirectoryServerFailed(f"status {answer.status}")
                content = await answer.content.read(MAX_ANSWER_BYTES + 1)
                while len(content) <= MAX_ANSWER_BYTES and not answer.content.at_eof():
                    content += await answer.content.read(MAX_ANSWER_BYTES)
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise DirectoryServerFailed(type(problem).__name__) from None
        if len(content) > MAX_ANSWER_BYTES:
            raise DirectoryServerFailed(f"answer over {MAX_ANSWER_BYTES} bytes")
        return content

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
