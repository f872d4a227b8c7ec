"""Tablets that save as fast as they are answered, each remembering what it sent and what it was told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from threading import Thread
from typing import Any
from uuid import uuid4

import httpx

from mes.demonstration.tablet import Tablet
from tests.journeys.laboratory import PLACES, form_on


@dataclass(frozen=True)
class Save:
    """One tap: where it is sent, with what; ``entry`` is how the record shows it."""

    path: str
    fields: dict[str, str]
    entry: tuple[str, str]


@dataclass
class Saving:
    """One tablet that saves one value after another, until it is not answered, or has done enough."""

    tablet: Tablet
    saves: Iterable[Save]
    acknowledged: list[Save] = field(default_factory=list)
    unanswered: list[Save] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    has_done_enough: bool = False

    def __post_init__(self) -> None:
        self.thread = Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        for save in self.saves:
            if self.has_done_enough:
                return
            try:
                answer = send(self.tablet, save)
            except httpx.HTTPError:  # whether it was heard, nobody knows
                self.unanswered.append(save)
                return
            if not answer.is_redirect:
                self.refused.append(answer.text)
                return
            self.acknowledged.append(save)


def send(tablet: Tablet, save: Save) -> httpx.Response:
    """Send one tap, and return the first answer."""
    return tablet._http.post(save.path, data=save.fields, follow_redirects=False)


def guard_of(tablet: Tablet, batch: str) -> Mapping[str, str]:
    """Return the hidden fields that a batch's page gives to every form of a session."""
    return form_on(tablet, f"/batches/{batch}", "/lock").fields


def values(guard: Mapping[str, str], batch: str, share: int, of: int) -> Iterator[Save]:
    """Return a share of a batch's values, to be recorded one by one, each with a tap of its own."""
    for number, (step, name) in enumerate(PLACES[share::of]):
        value = f"{10 + number % 80}.{share}"
        fields = {**guard, "tap": str(uuid4()), f"value.{name}": value}
        yield Save(f"/batches/{batch}/steps/{step}/values", fields, (name, f"{value} %"))


def remarks(guard: Mapping[str, str], batch: str, author: int) -> Iterator[Save]:
    """Return remarks on a batch without end, each of which would stand there twice if its tap were heard twice."""
    for number in count():
        text = f"remark {author}.{number}"
        yield Save(f"/batches/{batch}/comments", {**guard, "tap": str(uuid4()), "text": text}, ("", text))


def entries(lines: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return what tablets saved of a batch's lines, as `Save` has it."""
    found = [json.loads(line["text"]) for line in lines]
    saved = [line["body"] for line in found if line["kind"] in ("value recorded", "comment added")]
    return [(body.get("field", ""), body["value"] if "field" in body else body["text"]) for body in saved]
