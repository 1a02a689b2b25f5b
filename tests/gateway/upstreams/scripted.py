"""Servers of OpenAI's and Anthropic's kind whose model does as told: uses tools, fills schemas.

What it calls a tool with, and what it writes under a schema, is made from the schema: 3 for a whole
number, the user's own words for a text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.gateway.upstreams.anthropic import AnthropicEmulator
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import json_answer, stream

USAGE = {"prompt_tokens": 21, "completion_tokens": 8, "total_tokens": 29}


@dataclass
class Plan:
    """What the model answers: a text, or one call of a tool."""

    text: str = ""
    tool: str = ""
    arguments: dict[str, Any] | None = None


def instance(schema: dict[str, Any], words: str, root: dict[str, Any] | None = None) -> Any:
    """Something that the schema allows."""
    root = root or schema
    if "$ref" in schema:
        return instance(root["$defs"][schema["$ref"].rpartition("/")[2]], words, root)
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return instance(schema[union][0], words, root)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        fields = schema.get("properties", {})
        wanted = schema.get("required", [])
        return {name: instance(fields[name], words, root) for name in fields if name in wanted}
    if kind == "array":
        return [instance(schema.get("items", {}), words, root)]
    return {"integer": 3, "number": 3.0, "boolean": True, "null": None}.get(kind, words)


def words_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content if isinstance(part, dict))


@dataclass
class ScriptedOpenAI(OpenAIEmulator):
    """Chat completions."""

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        asked = json.loads(body)
        plan = self.plan(asked)
        choice = self.message(plan)
        head = {"id": "chatcmpl-2", "created": 1_700_000_000, "model": asked["model"]}
        if not asked.get("stream"):
            finish = "tool_calls" if plan.tool else "stop"
            one = {"index": 0, "message": choice, "finish_reason": finish, "logprobs": None}
            whole = {**head, "object": "chat.completion", "choices": [one], "usage": USAGE}
            return json_answer(whole)
        return await stream(request, [*self.pieces(plan, head), b"data: [DONE]\n\n"])

    def plan(self, asked: dict[str, Any]) -> Plan:
        last = asked["messages"][-1]
        users = [one for one in asked["messages"] if one["role"] == "user"]
        words = words_of(users[-1]["content"]) if users else "hello"
        form = asked.get("response_format") or {}
        tools = asked.get("tools") or []
        if tools and last["role"] == "user" and asked.get("tool_choice") != "none":
            choice = asked.get("tool_choice")
            wanted = choice["function"]["name"] if isinstance(choice, dict) else None
            named = [one["function"] for one in tools]
            chosen = next((one for one in named if one["name"] == wanted), named[0])
            return Plan("", chosen["name"], instance(chosen.get("parameters") or {}, words))
        if form.get("type") == "json_schema":
            return Plan(json.dumps(instance(form["json_schema"]["schema"], words)))
        if form.get("type") == "json_object":
            return Plan(json.dumps({"setup": "Why?", "punchline": "Because."}))
        return Plan(f"You said: {words}")

    def message(self, plan: Plan) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": plan.text or None}
        if plan.tool:
            arguments = json.dumps(plan.arguments, ensure_ascii=False)
            function = {"name": plan.tool, "arguments": arguments}
            message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
        return message

    def pieces(self, plan: Plan, head: dict[str, Any]) -> list[bytes]:
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None}]
        if plan.tool:
            function = {"name": plan.tool, "arguments": ""}
            call: dict[str, Any] = {"index": 0, "id": "call_1", "type": "function"}
            deltas.append({"tool_calls": [{**call, "function": function}]})
            text = json.dumps(plan.arguments, ensure_ascii=False)
            for at in range(0, len(text), 4):
                piece = {"index": 0, "function": {"arguments": text[at : at + 4]}}
                deltas.append({"tool_calls": [piece]})
        else:
            deltas += [{"content": plan.text[at : at + 5]} for at in range(0, len(plan.text), 5)]
        chunks: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas
        ]
        finish = "tool_calls" if plan.tool else "stop"
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        chunks.append({"choices": [], "usage": USAGE})
        object_ = "chat.completion.chunk"
        return [
            b"data: " + json.dumps({**head, "object": object_, **one}).encode() + b"\n\n"
            for one in chunks
        ]


@dataclass
class ScriptedAnthropic(AnthropicEmulator):
    """Messages."""

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        asked = json.loads(body)
        plan = self.plan(asked)
        whole = {
            "id": "msg_2",
            "type": "message",
            "role": "assistant",
            "model": asked["model"],
            "content": [self.block(plan)],
            "stop_reason": "tool_use" if plan.tool else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 21, "output_tokens": 8},
        }
        if not asked.get("stream"):
            return json_answer(whole)
        return await stream(request, self.frames(plan, whole))

    def plan(self, asked: dict[str, Any]) -> Plan:
        last = asked["messages"][-1]["content"]
        answered = isinstance(last, list) and any(one["type"] == "tool_result" for one in last)
        users = [one for one in asked["messages"] if one["role"] == "user"]
        words = words_of(users[-1]["content"]) or "hello"
        form = (asked.get("output_config") or {}).get("format") or asked.get("output_format")
        tools = asked.get("tools") or []
        choice = asked.get("tool_choice") or {}
        if tools and not answered and choice.get("type") != "none":
            chosen = next((one for one in tools if one["name"] == choice.get("name")), tools[0])
            return Plan("", chosen["name"], instance(chosen["input_schema"], words))
        if form:
            return Plan(json.dumps(instance(form["schema"], words)))
        return Plan(f"You said: {words}")

    def block(self, plan: Plan) -> dict[str, Any]:
        if plan.tool:
            return {"type": "tool_use", "id": "toolu_1", "name": plan.tool, "input": plan.arguments}
        return {"type": "text", "text": plan.text}

    def frames(self, plan: Plan, whole: dict[str, Any]) -> list[bytes]:
        start = {**whole, "content": [], "stop_reason": None}
        block = self.block(plan)
        empty = {**block, "input": {}} if plan.tool else {**block, "text": ""}
        text = json.dumps(plan.arguments, ensure_ascii=False) if plan.tool else plan.text
        kind, name = ("input_json_delta", "partial_json") if plan.tool else ("text_delta", "text")
        deltas = [{"type": kind, name: text[at : at + 5]} for at in range(0, len(text), 5)]
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": start},
            {"type": "content_block_start", "index": 0, "content_block": empty},
            *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
                "usage": {"output_tokens": 8},
            },
            {"type": "message_stop"},
        ]
        return [f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in events]
