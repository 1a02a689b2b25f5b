"""The cache of one gateway.

What is kept is what the provider answered to the request as it went out: after the guardrails
masked it, and before they looked at the answer. So they look at every answer, kept or new, and put
back the values of the caller who asks now. A stream that broke is never kept, nor an answer that a
filter cut short.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from sensorium.gateway.cache.codec import decoded, encoded
from sensorium.gateway.cache.config import CacheConfig
from sensorium.gateway.cache.file import FileStore
from sensorium.gateway.cache.key import question_of, request_key
from sensorium.gateway.cache.memory import MemoryStore
from sensorium.gateway.conversation import Conversation, ToolResult
from sensorium.gateway.reply import Reply, Stop

if TYPE_CHECKING:
    from sensorium.gateway.cache.semantic import Embed, SemanticIndex
    from sensorium.observe import Observe


class Cache:
    """``key``, then ``get``; where that gives nothing, ``put`` what was answered.

    ``clock`` gives seconds. ``embed`` turns a question into a vector, by the model of the settings;
    without it there is no semantic cache.
    """

    def __init__(
        self,
        config: CacheConfig,
        observe: Observe,
        clock: Callable[[], float],
        *,
        file: FileStore | None = None,
        embed: Embed | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._memory = MemoryStore(config.max_bytes, clock)
        self._file = file
        self._embed: Embed | None = None
        if config.semantic.model and embed is not None:
            # It computes with NumPy, which a gateway without it does not load.
            from sensorium.gateway.cache.semantic import SemanticIndex

            self._embed = embed
            self._index: SemanticIndex = SemanticIndex(
                config.semantic.threshold, config.semantic.max_entries
            )
        self._lookups = observe.counter(
            "sensorium_gateway_cache_lookups", "Look-ups of kept answers", ("outcome",)
        )

    def takes(self, conversation: Conversation) -> bool:
        """Whether answers to this request are kept at all."""
        config = self._config
        if not config.enabled or (config.models and conversation.model not in config.models):
            return False
        return config.tool_results or not any(
            isinstance(part, ToolResult)
            for message in conversation.messages
            for part in message.parts
        )

    def key(
        self, conversation: Conversation, tenant: str, policy: str, guard_version: str
    ) -> bytes:
        """The key of a request: ``tenant`` is whose it is, ``policy`` its privacy policy."""
        return request_key(conversation, tenant, policy, guard_version)

    async def get(self, key: bytes) -> Reply | None:
        """The answer to exactly this request."""
        entry = self._memory.get(key)
        if entry is None and self._file is not None:
            entry = await asyncio.to_thread(self._file.get, key)
            if entry is not None:
                self._memory.put(key, entry[1], entry[0])
        self._lookups.labels("miss" if entry is None else "hit").inc()
        if entry is None:
            return None
        try:
            return decoded(entry[1])
        except ValueError:  # a file of another version
            self._memory.drop(key)
            return None

    async def put(self, key: bytes, reply: Reply, ttl: float | None = None) -> None:
        """Keep an answer, for ``ttl`` seconds or as long as the settings say."""
        if not _worth_keeping(reply):
            return
        try:
            data = encoded(reply)
        except TypeError:  # what JSON cannot hold, such as half a surrogate pair
            return
        until = self._clock() + (self._config.ttl_seconds if ttl is None else ttl)
        self._memory.put(key, data, until)
        if self._file is not None:
            await asyncio.to_thread(self._file.put, key, data, until)

    async def get_similar(
        self, conversation: Conversation, tenant: str, policy: str, guard_version: str
    ) -> Reply | None:
        """The answer to a question very like this one; None where that is not turned on."""
        asked = self._question(conversation, tenant, policy, guard_version)
        if self._embed is None or asked is None:
            return None
        found = self._index.nearest(asked[1], await self._embed(asked[0]))
        return None if found is None else await self.get(found)

    async def put_similar(
        self,
        conversation: Conversation,
        tenant: str,
        policy: str,
        guard_version: str,
        reply: Reply,
    ) -> None:
        """Let questions like this one find what :meth:`put` kept under its key."""
        asked = self._question(conversation, tenant, policy, guard_version)
        if self._embed is None or asked is None or not _worth_keeping(reply):
            return
        key = self.key(conversation, tenant, policy, guard_version)
        self._index.add(asked[1], await self._embed(asked[0]), key)

    def _question(
        self, conversation: Conversation, tenant: str, policy: str, guard_version: str
    ) -> tuple[str, bytes] | None:
        asked = question_of(conversation)
        if asked is None:
            return None
        return asked[0], request_key(asked[1], f"similar\x00{tenant}", policy, guard_version)

    def close(self) -> None:
        """Close the file, where there is one."""
        if self._file is not None:
            self._file.close()


def _worth_keeping(reply: Reply) -> bool:
    """Whole, said by the model, and not cut short by a filter."""
    return bool(reply.answers) and all(
        answer.stop not in {Stop.FILTER, Stop.PAUSE} and answer.parts for answer in reply.answers
    )
