"""What a criterion of release is: a sentence that is true when it is met, and a function that finds what is not.

A criterion stands in a file of its own under ``criteria/``. It gives a `Blocks` for everything that stands in the way
of a stage of release, a `Pending` for a result that the stage may do without for now, and nothing where it is met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from batch_records.executed.batch import Batch
from batch_records.master.recipe import Stage


@dataclass(frozen=True)
class Blocks:
    """Something stands in the way: a sentence, and the step where it is put right."""

    sentence: str
    step: str = ""


@dataclass(frozen=True)
class Pending:
    """A result that is awaited; the certificate of a conditional release names it."""

    name: str
    sentence: str
    step: str


Finding = Blocks | Pending
Criterion = Callable[[Batch, Stage], Iterator[Finding]]
CRITERIA: dict[str, Criterion] = {}


def criterion(sentence: str) -> Callable[[Criterion], Criterion]:
    """Register the function below as a criterion of release, by the sentence that is true when it is met."""

    def register(ask: Criterion) -> Criterion:
        if sentence in CRITERIA:
            raise ValueError(f"two criteria say “{sentence}”")
        CRITERIA[sentence] = ask
        return ask

    return register
