"""What OpenAPI says of scoring over HTTP: schemas, examples, refusals."""

from __future__ import annotations

from typing import Any, Final

from sensorium.detect.serving.forms import Form

_SPIKE: Final = [5, 4, 6, 5, 5, 4, 6, 5, 4, 5, 6, 5, 4, 5, 5, 6, 4, 5, 5, 6, 5, 4, None, 19, 5]
_STEADY: Final = [2.0, 1.6, 2.4, 2.0, 2.0, 1.6, 2.4, 2.0, 1.6, 2.0, 2.4, 2.0, 1.6, 2.0, 2.0]

SCORE_EXAMPLES: Final[dict[str, Any]] = {
    "one series": {
        "summary": "One series: the first twenty rows are history, and the last but one is odd",
        "value": {"columns": {"queue": _SPIKE}, "warmup": 20},
    },
    "several series with times": {
        "summary": "Two series of one host, each for itself and both together",
        "value": {
            "model": "series",
            "times": [f"2026-01-05T00:{minute:02}:00Z" for minute in range(15)],
            "columns": {"queue": _SPIKE[:15], "seconds": _STEADY},
            "warmup": 12,
        },
    },
}

_NUMBERS: Final = {"type": "array", "items": {"type": ["number", "null"]}}

ASKED: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["columns"],
    "properties": {
        "model": {
            "type": "string",
            "default": "series",
            "description": "which model: `name` is the active version, `name@3` the third",
        },
        "columns": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": _NUMBERS,
            "description": "values by name, all of the same length; null is a missing value",
        },
        "times": {
            "type": "array",
            "items": {"type": ["string", "number"]},
            "description": "when each row was, in order: ISO 8601, or s to ns since 1970",
        },
        "warmup": {
            "type": "integer",
            "minimum": 0,
            "description": "rows taken as history and not judged; by default 15 %, at most 750",
        },
        "contributions": {
            "type": "integer",
            "minimum": 0,
            "description": "of a trained model: how many of a row's strongest features to tell",
        },
    },
}

_ALARM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["row", "time", "score", "tail_probability", "reason", "sentence"],
    "properties": {
        "row": {"type": "integer"},
        "time": {"type": ["string", "null"]},
        "score": {"type": "number"},
        "tail_probability": {"type": "number"},
        "reason": {"enum": ["new_value", "time_of_day", "time_of_week", "shape", "combination"]},
        "seen": {"type": "number"},
        "nearest": {"type": ["number", "null"]},
        "sentence": {"type": "string"},
    },
}

_STRONGEST: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["feature", "contribution"],
    "properties": {"feature": {"type": "string"}, "contribution": {"type": "number"}},
}

ANSWERED: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["model", "version", "rows", "pass_rate", "passed", "score", "tail_probability"],
    "properties": {
        "model": {"type": "string"},
        "version": {"type": ["string", "integer"]},
        "age_seconds": {"type": ["number", "null"], "description": "since it was trained"},
        "rows": {"type": "integer"},
        "history_rows": {"type": "integer"},
        "pass_rate": {"type": "number"},
        "passed": {
            "type": "integer",
            "description": "rows whose tail probability is at most the pass rate",
        },
        "score": {**_NUMBERS, "description": "of each row; from 1 up a series has an alarm"},
        "tail_probability": {**_NUMBERS, "description": "of a row as odd; 1 in the history"},
        "alarms": {"type": "array", "items": _ALARM},
        "alarms_left_out": {"type": "integer", "description": "beside the thousand strongest"},
        "strongest": {
            "type": "array",
            "items": {"type": "array", "items": _STRONGEST},
            "description": "of a trained model: of each row the features that made it odd",
        },
        "columns": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["score", "tail_probability", "missing", "counter", "alarms"],
                "properties": {
                    "score": _NUMBERS,
                    "tail_probability": _NUMBERS,
                    "missing": {"type": "integer"},
                    "counter": {"type": "boolean"},
                    "alarms": {"type": "array", "items": _ALARM},
                    "alarms_left_out": {"type": "integer"},
                },
            },
        },
    },
}

_SAID: Final = {"type": "object", "required": ["detail"], "properties": {"detail": {}}}
_STREAM: Final = {"schema": {"type": "string", "format": "binary"}}


def _refusal(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _SAID}}}


_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: _refusal("the body is no JSON, no Arrow stream, or not in its content encoding"),
    404: _refusal("there is no such model, or version of it"),
    406: _refusal("an answer of that type cannot be given"),
    408: _refusal("the body did not arrive in time"),
    413: _refusal("the body is too large, as sent or when decompressed"),
    415: _refusal("a content type or content encoding that is not taken"),
    422: _refusal("the rows cannot be scored: the message says which and why"),
    429: _refusal("too many requests: come again after Retry-After seconds"),
    503: _refusal("the model's files cannot be used"),
}

ABOUT_SCORING: Final[dict[str, Any]] = {
    "responses": {
        200: {
            "description": "a score and a tail probability for each row",
            "content": {Form.JSON.value: {"schema": ANSWERED}, Form.ARROW.value: _STREAM},
        },
        **_REFUSALS,
    },
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                Form.JSON.value: {"schema": ASKED, "examples": SCORE_EXAMPLES},
                Form.ARROW.value: _STREAM,
            },
        },
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": False,
                "schema": {"type": kind},
                "description": f"with an Arrow body: {what}",
            }
            for name, kind, what in (
                ("model", "string", "as `model` of the JSON body"),
                ("time", "string", "the column of times, if it is not the only one of timestamps"),
                ("warmup", "integer", "as `warmup` of the JSON body"),
                ("contributions", "integer", "as `contributions` of the JSON body"),
            )
        ],
    },
}

_MODEL: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["name", "version", "kind", "state", "features"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": ["string", "integer"]},
        "kind": {"type": "string"},
        "state": {"enum": ["built in", "active", "shadow", "kept"]},
        "features": {"type": ["array", "null"], "items": {"type": "string"}},
        "age_seconds": {"type": "number"},
        "created": {"type": "string", "format": "date-time"},
        "trained_on": {"type": "object", "description": "since when, until when, how many rows"},
        "settings": {"type": "object"},
        "scores": {"type": "object", "description": "what it reached on data held out"},
    },
}


def _about_models(name: str, more: dict[str, Any]) -> dict[str, Any]:
    models = {"type": "array", "items": _MODEL}
    schema = {"type": "object", "required": [name], "properties": {name: models, **more}}
    return {"description": "models", "content": {"application/json": {"schema": schema}}}


ABOUT_MODELS: Final[dict[str, Any]] = {"responses": {200: _about_models("models", {})}}
ABOUT_ONE_MODEL: Final[dict[str, Any]] = {
    "responses": {
        200: _about_models("versions", {"name": {"type": "string"}}),
        404: _REFUSALS[404],
    }
}
