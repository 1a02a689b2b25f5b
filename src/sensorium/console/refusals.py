"""What a caller is told whose request cannot be answered: always one sentence in ``detail``."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

_NO_OBJECT = "send a JSON object as application/json (curl --json)"
_SHOWN = 60


class Refusal(BaseModel):
    """The body of every answer that is an error."""

    detail: str = Field(description="what is wrong, and what to do")


def add_refusals(app: FastAPI) -> None:
    """Have the framework's own errors told in the words and the form of all others."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """422: every parameter and field that is wrong, a line each."""
    assert isinstance(error, RequestValidationError)
    told = [_sentence(one) for one in error.errors()]
    return JSONResponse({"detail": "\n".join(dict.fromkeys(told))}, status_code=422)


def _sentence(error: Mapping[str, Any]) -> str:
    place, *inner = error["loc"]
    if place == "body" and (not inner or error["type"] == "json_invalid"):
        return f"the body is no JSON object; {_NO_OBJECT}"
    name = ".".join(str(part) for part in inner)
    if error["type"] == "missing":
        return f"{name} is missing"
    said = str(error["msg"])
    got = repr(error.get("input"))
    shown = got if len(got) <= _SHOWN else got[: _SHOWN - 3] + "..."
    return f"{name}: {said[:1].lower()}{said[1:]} (got {shown})"


def _plain(request: Request, error: Exception) -> JSONResponse:
    """An error that a route, or the framework where no route fits, has raised."""
    assert isinstance(error, HTTPException)
    detail = error.detail
    if detail == HTTPStatus.NOT_FOUND.phrase:
        detail = (
            f"there is nothing at {request.url.path}\n/api/openapi.json describes what there is"
        )
    elif detail == HTTPStatus.METHOD_NOT_ALLOWED.phrase:
        allowed = (error.headers or {}).get("Allow", "")
        detail = f"{request.url.path} takes {allowed}, not {request.method}"
    return JSONResponse({"detail": detail}, status_code=error.status_code, headers=error.headers)
