"""The API's page for people, read from its own OpenAPI document: nothing is described twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from apiflask import APIFlask
from flask import current_app, url_for


@dataclass(frozen=True)
class About:
    """The interface as a whole."""

    title: str
    version: str
    document_url: str
    words: str


@dataclass(frozen=True)
class Answer:
    """One answer that an operation can give."""

    code: str
    words: str
    example: str | None


@dataclass(frozen=True)
class Operation:
    """One operation."""

    method: str
    path: str
    summary: str
    words: str
    parameters: tuple[object, ...]
    body: str | None
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class OperationGroup:
    """Operations under one heading."""

    title: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class OpenApiPage:
    """Everything that ``openapi.html`` asks for."""

    api: About
    groups: tuple[OperationGroup, ...]


def openapi_page() -> OpenApiPage:
    """Return the page."""
    document = cast(APIFlask, current_app).spec
    if not isinstance(document, dict):
        document = json.loads(str(document))
    words = (
        "Send the token of a machine with every request: “Authorization: Bearer …”. Times are UTC; numbers are texts."
    )
    about = About(document["info"]["title"], document["info"]["version"], url_for("openapi.spec"), words)
    return OpenApiPage(about, (OperationGroup("Records and readings", tuple(_operations(document))),))


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            if method in ("get", "post"):
                body = said.get("requestBody")
                yield Operation(
                    method.upper(),
                    path,
                    said.get("summary", ""),
                    said.get("description", ""),
                    (),
                    _example(document, body) if body else None,
                    tuple(
                        Answer(code, answer.get("description", ""), _example(document, answer))
                        for code, answer in said["responses"].items()
                    ),
                )


def _example(document: Mapping[str, Any], said: Mapping[str, Any]) -> str | None:
    schema = said.get("content", {}).get("application/json", {}).get("schema")
    return json.dumps(_shape(document, schema), indent=2, ensure_ascii=False) if schema else None


def _shape(document: Mapping[str, Any], schema: Mapping[str, Any]) -> object:
    """Return a value of a schema's shape, each leaf saying its kind."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return _shape(document, document["components"]["schemas"][name])
    if "properties" in schema:
        return {name: _shape(document, inner) for name, inner in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_shape(document, schema["items"])]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(str(_shape(document, inner)) for inner in schema["anyOf"])
    return schema.get("format") or schema.get("type") or "anything"
