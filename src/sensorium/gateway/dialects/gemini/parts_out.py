"""Writing parts of a content."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sensorium.gateway.conversation import (
    Image,
    Opaque,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UntranslatableError,
)
from sensorium.gateway.dialects import arguments, signatures
from sensorium.gateway.dialects.gemini.parts_in import GIVEN, NAME

# Google, "Thought signatures": what stands for one on calls that another model made. Gemini 3 and
# later refuse the first call of a step that has none.
FOREIGN: Final = "skip_thought_signature_validator"


def own(value: Opaque) -> dict[str, Any]:
    """What this dialect alone knows; refused where it is another's."""
    return value.said_in(NAME, "Gemini's API")


class PartsOut:
    """Writes the parts of one turn; ``names`` are those of the calls that results belong to."""

    __slots__ = ("_called", "_for_provider", "_mark", "_names", "_same", "_sign", "written")

    def __init__(
        self, names: Mapping[str, str], *, same: bool, for_provider: bool, sign: bool
    ) -> None:
        self.written: list[dict[str, Any]] = []
        self._names = names
        self._same = same
        self._for_provider = for_provider
        self._sign = sign
        self._mark = ""
        self._called = False

    def add(self, parts: Iterable[Part]) -> list[dict[str, Any]]:
        """All of them."""
        for part in parts:
            if isinstance(part, Thinking):
                self._think(part)
            elif isinstance(part, ToolCall):
                self._call(part)
            elif isinstance(part, Opaque):
                self.written.append(own(part))
            else:
                written = self._plain(part)
                if self._same and part.extra and not isinstance(part, ToolResult):
                    written.update(part.extra)
                self.written.append(written)
        self._put_mark()
        return self.written

    def _think(self, part: Thinking) -> None:
        signature = signatures.own(NAME, part.signature)
        if not signature and not self._for_provider:
            signature = part.signature
        # Of another dialect's caller the thoughts have come back with the signature that followed.
        if part.text and (self._same or not self._for_provider):
            self.written.append({"text": part.text, "thought": True})
            if signature:
                self.written[-1]["thoughtSignature"] = signature
        elif signature:
            self._put_mark()
            self._mark = signature

    def _put_mark(self) -> None:
        if not self._mark:
            return
        last = self.written[-1] if self.written else {}
        if "text" not in last or "thoughtSignature" in last or "thought" in last:
            last = {"text": ""}
            self.written.append(last)
        last["thoughtSignature"] = self._mark
        self._mark = ""

    def _call(self, part: ToolCall) -> None:
        call: dict[str, Any] = {
            "name": part.name,
            "args": arguments.object_of(part.arguments),
        }
        if not part.id.startswith(GIVEN):
            call["id"] = part.id
        written: dict[str, Any] = {"functionCall": call}
        if self._mark:
            written["thoughtSignature"] = self._mark
            self._mark = ""
        elif self._sign and not self._called:
            written["thoughtSignature"] = FOREIGN
        self._called = True
        if self._same and part.extra:
            written.update(part.extra)
        self.written.append(written)

    def _plain(self, part: Text | Image | ToolResult) -> dict[str, Any]:
        if isinstance(part, Text):
            return {"text": part.text}
        if isinstance(part, Image):
            return _image(part)
        return {"functionResponse": self._result(part)}

    def _result(self, part: ToolResult) -> dict[str, Any]:
        stated = (part.extra or {}) if self._same else {}
        name = stated.get("name") or self._names.get(part.call_id)
        if name is None:
            raise UntranslatableError("a tool's result belongs to no call of this conversation")
        text = "".join(item.text for item in part.parts if isinstance(item, Text))
        response = stated.get("response") or {"error" if part.is_error else "output": text}
        written: dict[str, Any] = {"name": name, "response": response}
        if not part.call_id.startswith(GIVEN) and part.call_id != name:
            written["id"] = part.call_id
        others = [item for item in part.parts if not isinstance(item, Text)]
        if others:
            written["parts"] = [
                own(item) if isinstance(item, Opaque) else _image(item) for item in others
            ]
        return written


def _image(part: Image) -> dict[str, Any]:
    if not part.url:
        return {"inlineData": {"mimeType": part.media_type, "data": part.data}}
    media_type = part.media_type or mimetypes.guess_type(part.url.partition("?")[0])[0]
    source = {"fileUri": part.url}
    if media_type:
        source["mimeType"] = media_type
    return {"fileData": source}
