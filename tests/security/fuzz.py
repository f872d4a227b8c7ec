"""The interface, asked at random after its own document: well-formed, malformed, by everybody who may stand there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import hypothesis
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import strategies as some
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.mes.tablet import HOST
from tests.security.door import ALL_TOKENS, MACHINES, NO_ROLE, NOBODY, Door

WHO = (NOBODY, NO_ROLE, "operator", *MACHINES)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass
class Fuzzed:
    """How often which answer came, and what was wrong with answers."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        """How many were asked."""
        return sum(self.answers.values())

    def __str__(self) -> str:
        codes: Counter[int] = Counter()
        for (_, code), count in self.answers.items():
            codes[code] += count
        said = ", ".join(f"{count} × {code}" for code, count in sorted(codes.items()))
        return f"{self.cases} cases: {said}; {len(self.wrong)} wrong"


def fuzz(door: Door, role: str, each: int, seed: int = 1) -> Fuzzed:
    """Ask every operation ``each`` times as somebody; the seed asks the same again."""
    found = Fuzzed()
    document = json.loads(door.send("auditor", "GET", "/api/v1/openapi.json").text)
    schema = schemathesis.openapi.from_dict(document)
    schema.app = _signed_in(door, role)
    for operation in schema.get_all_operations():
        strategy = some.one_of(*(operation.ok().as_strategy(generation_mode=mode) for mode in GenerationMode))
        _ask(role, strategy, each, seed, found)
    return found


def _signed_in(door: Door, role: str) -> WSGIApplication:
    """Return the application as it is to somebody's browser: their cookie comes with every request."""
    held = "; ".join(f"{name}={value}" for name, value in door.held.get(role, {}).items())

    def ask(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return door.lab.app(environ | {"HTTP_COOKIE": held}, start_response)

    return ask


def _ask(role: str, strategy: some.SearchStrategy[Case], each: int, seed: int, found: Fuzzed) -> None:
    headers = {"Authorization": f"Bearer {ALL_TOKENS[MACHINES[role].id]}"} if role in MACHINES else {}

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=each,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @given(case=strategy)
    def ask(case: Case) -> None:
        if "batch" in case.path_parameters and found.cases % 2:
            case.path_parameters["batch"] = "B26-0001"  # no chance finds a batch that there is
        answer = case.call(base_url=HOST, headers=headers)
        found.answers[case.operation.label, answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except (Failure, FailureGroup) as failed:
            found.wrong.append(f"{role}: {case.operation.label}: {failed}")

    ask()
