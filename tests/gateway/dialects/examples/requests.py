"""The same requests as each dialect writes them. They hold no wishes, which are not kept by all."""

from __future__ import annotations

from typing import Any

MODEL = "model-1"
PICTURE = "iVBORw0KGgoAAAANSUhEUg=="
SCHEMA = {
    "type": "object",
    "properties": {"host": {"type": "string"}, "why": {"type": "string", "enum": ["ä", "😀"]}},
    "required": ["host", "why"],
    "additionalProperties": False,
}
PARAMETERS = {"type": "object", "properties": {"host": {"type": "string"}}, "required": ["host"]}
NOTHING = {"type": "object", "properties": {}}

TEXT: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Which host is loud? „Größe“ 😀"},
            {"role": "assistant", "content": "edge-1"},
            {"role": "user", "content": "Since when?"},
        ],
        "max_completion_tokens": 200,
        "temperature": 0.5,
        "top_p": 0.9,
    },
    "openai_responses": {
        "model": MODEL,
        "input": [
            {"type": "message", "role": "system", "content": "Be brief."},
            {"type": "message", "role": "user", "content": "Which host is loud? „Größe“ 😀"},
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "edge-1", "annotations": []}],
            },
            {"type": "message", "role": "user", "content": "Since when?"},
        ],
        "max_output_tokens": 200,
        "temperature": 0.5,
        "top_p": 0.9,
    },
    "anthropic": {
        "model": MODEL,
        "max_tokens": 200,
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "Which host is loud? „Größe“ 😀"},
            {"role": "assistant", "content": "edge-1"},
            {"role": "user", "content": "Since when?"},
        ],
        "temperature": 0.5,
        "top_p": 0.9,
    },
    "gemini": {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "Which host is loud? „Größe“ 😀"}]},
            {"role": "model", "parts": [{"text": "edge-1"}]},
            {"role": "user", "parts": [{"text": "Since when?"}]},
        ],
        "generationConfig": {"maxOutputTokens": 200, "temperature": 0.5, "topP": 0.9},
    },
    "bedrock": {
        "system": [{"text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"text": "Which host is loud? „Größe“ 😀"}]},
            {"role": "assistant", "content": [{"text": "edge-1"}]},
            {"role": "user", "content": [{"text": "Since when?"}]},
        ],
        "inferenceConfig": {"maxTokens": 200, "temperature": 0.5, "topP": 0.9},
    },
}

# Two calls at once, one without arguments; their results; a word of the user's in the same turn.
TOOLS: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "model": MODEL,
        "messages": [
            {"role": "user", "content": "Look."},
            {
                "role": "assistant",
                "content": "I look.",
                "tool_calls": [
                    {
                        "id": "call_a",
                        "type": "function",
                        "function": {"name": "traffic", "arguments": '{"host":"edge-ä"}'},
                    },
                    {
                        "id": "call_b",
                        "type": "function",
                        "function": {"name": "hosts", "arguments": "{}"},
                    },
                ],
            },
            {"role": "tool", "tool_call_id": "call_a", "content": "12 Gbit/s"},
            {"role": "tool", "tool_call_id": "call_b", "content": '["edge-ä"]'},
            {"role": "user", "content": "And now?"},
        ],
        "max_completion_tokens": 100,
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "traffic",
                    "description": "Traffic of a host.",
                    "parameters": PARAMETERS,
                },
            },
            {"type": "function", "function": {"name": "hosts", "parameters": NOTHING}},
        ],
        "tool_choice": "required",
    },
    "openai_responses": {
        "model": MODEL,
        "input": [
            {"type": "message", "role": "user", "content": "Look."},
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "I look.", "annotations": []}],
            },
            {
                "type": "function_call",
                "call_id": "call_a",
                "name": "traffic",
                "arguments": '{"host":"edge-ä"}',
            },
            {"type": "function_call", "call_id": "call_b", "name": "hosts", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_a", "output": "12 Gbit/s"},
            {"type": "function_call_output", "call_id": "call_b", "output": '["edge-ä"]'},
            {"type": "message", "role": "user", "content": "And now?"},
        ],
        "max_output_tokens": 100,
        "tools": [
            {
                "type": "function",
                "name": "traffic",
                "description": "Traffic of a host.",
                "parameters": PARAMETERS,
                "strict": False,
            },
            {"type": "function", "name": "hosts", "parameters": NOTHING, "strict": False},
        ],
        "tool_choice": "required",
    },
    "anthropic": {
        "model": MODEL,
        "max_tokens": 100,
        "messages": [
            {"role": "user", "content": "Look."},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I look."},
                    {
                        "type": "tool_use",
                        "id": "call_a",
                        "name": "traffic",
                        "input": {"host": "edge-ä"},
                    },
                    {"type": "tool_use", "id": "call_b", "name": "hosts", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "call_a", "content": "12 Gbit/s"},
                    {"type": "tool_result", "tool_use_id": "call_b", "content": '["edge-ä"]'},
                    {"type": "text", "text": "And now?"},
                ],
            },
        ],
        "tools": [
            {
                "name": "traffic",
                "description": "Traffic of a host.",
                "input_schema": PARAMETERS,
            },
            {"name": "hosts", "input_schema": NOTHING},
        ],
        "tool_choice": {"type": "any"},
    },
    "gemini": {
        "contents": [
            {"role": "user", "parts": [{"text": "Look."}]},
            {
                "role": "model",
                "parts": [
                    {"text": "I look."},
                    {
                        "functionCall": {
                            "id": "call_a",
                            "name": "traffic",
                            "args": {"host": "edge-ä"},
                        }
                    },
                    {"functionCall": {"id": "call_b", "name": "hosts", "args": {}}},
                ],
            },
            {
                "role": "user",
                "parts": [
                    {
                        "functionResponse": {
                            "id": "call_a",
                            "name": "traffic",
                            "response": {"output": "12 Gbit/s"},
                        }
                    },
                    {
                        "functionResponse": {
                            "id": "call_b",
                            "name": "hosts",
                            "response": {"output": '["edge-ä"]'},
                        }
                    },
                    {"text": "And now?"},
                ],
            },
        ],
        "generationConfig": {"maxOutputTokens": 100},
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "traffic",
                        "description": "Traffic of a host.",
                        "parametersJsonSchema": PARAMETERS,
                    },
                    {"name": "hosts", "parametersJsonSchema": NOTHING},
                ]
            }
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
    },
    "bedrock": {
        "messages": [
            {"role": "user", "content": [{"text": "Look."}]},
            {
                "role": "assistant",
                "content": [
                    {"text": "I look."},
                    {
                        "toolUse": {
                            "toolUseId": "call_a",
                            "name": "traffic",
                            "input": {"host": "edge-ä"},
                        }
                    },
                    {"toolUse": {"toolUseId": "call_b", "name": "hosts", "input": {}}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"toolResult": {"toolUseId": "call_a", "content": [{"text": "12 Gbit/s"}]}},
                    {"toolResult": {"toolUseId": "call_b", "content": [{"text": '["edge-ä"]'}]}},
                    {"text": "And now?"},
                ],
            },
        ],
        "inferenceConfig": {"maxTokens": 100},
        "toolConfig": {
            "tools": [
                {
                    "toolSpec": {
                        "name": "traffic",
                        "description": "Traffic of a host.",
                        "inputSchema": {"json": PARAMETERS},
                    }
                },
                {"toolSpec": {"name": "hosts", "inputSchema": {"json": NOTHING}}},
            ],
            "toolChoice": {"any": {}},
        },
    },
}

PICTURES: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "model": MODEL,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {
                        "type": "image_url",
                        "image_url": {"url": f"data:image/png;base64,{PICTURE}"},
                    },
                ],
            }
        ],
        "max_completion_tokens": 50,
    },
    "openai_responses": {
        "model": MODEL,
        "input": [
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "What is this?"},
                    {
                        "type": "input_image",
                        "image_url": f"data:image/png;base64,{PICTURE}",
                        "detail": "auto",
                    },
                ],
            }
        ],
        "max_output_tokens": 50,
    },
    "anthropic": {
        "model": MODEL,
        "max_tokens": 50,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": PICTURE},
                    },
                ],
            }
        ],
    },
    "gemini": {
        "contents": [
            {
                "role": "user",
                "parts": [
                    {"text": "What is this?"},
                    {"inlineData": {"mimeType": "image/png", "data": PICTURE}},
                ],
            }
        ],
        "generationConfig": {"maxOutputTokens": 50},
    },
    "bedrock": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"text": "What is this?"},
                    {"image": {"format": "png", "source": {"bytes": PICTURE}}},
                ],
            }
        ],
        "inferenceConfig": {"maxTokens": 50},
    },
}

_ASKED = "Which host, and why?"
# A schema for the answer, and one tool that must be called.
FORMAT: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "model": MODEL,
        "messages": [{"role": "user", "content": _ASKED}],
        "max_completion_tokens": 50,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA},
        },
        "reasoning_effort": "low",
        "tools": [{"type": "function", "function": {"name": "hosts", "parameters": NOTHING}}],
        "tool_choice": {"type": "function", "function": {"name": "hosts"}},
    },
    "openai_responses": {
        "model": MODEL,
        "input": [{"type": "message", "role": "user", "content": _ASKED}],
        "max_output_tokens": 50,
        "text": {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}},
        "reasoning": {"effort": "low"},
        "tools": [{"type": "function", "name": "hosts", "parameters": NOTHING, "strict": False}],
        "tool_choice": {"type": "function", "name": "hosts"},
    },
    "anthropic": {
        "model": MODEL,
        "max_tokens": 50,
        "messages": [{"role": "user", "content": _ASKED}],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}, "effort": "low"},
        "tools": [{"name": "hosts", "input_schema": NOTHING}],
        "tool_choice": {"type": "tool", "name": "hosts"},
    },
    "gemini": {
        "contents": [{"role": "user", "parts": [{"text": _ASKED}]}],
        "generationConfig": {
            "maxOutputTokens": 50,
            "responseMimeType": "application/json",
            "responseJsonSchema": SCHEMA,
            "thinkingConfig": {"thinkingLevel": "low"},
        },
        "tools": [{"functionDeclarations": [{"name": "hosts", "parametersJsonSchema": NOTHING}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["hosts"]}},
    },
    "bedrock": {
        "messages": [{"role": "user", "content": [{"text": _ASKED}]}],
        "inferenceConfig": {"maxTokens": 50},
        "outputConfig": {
            "textFormat": {
                "type": "json_schema",
                "structure": {
                    "jsonSchema": {
                        "schema": '{"type":"object","properties":{"host":{"type":"string"},'
                        '"why":{"type":"string","enum":["ä","😀"]}},'
                        '"required":["host","why"],"additionalProperties":false}',
                    }
                },
            },
            "effort": "low",
        },
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "hosts", "inputSchema": {"json": NOTHING}}}],
            "toolChoice": {"tool": {"name": "hosts"}},
        },
    },
}

REQUESTS = {"text": TEXT, "tools": TOOLS, "pictures": PICTURES, "format": FORMAT}
