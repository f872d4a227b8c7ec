"""Whose a donation is: looked up under the lock, for who records its number in a batch."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from batch_records.executed import commands as c
from batch_records.executed.batch import Batch
from batch_records.values import isbt128
from batch_records.values.isbt128 import NotIsbt128
from mes.execute import Doing
from mes.patients.models import Donation

_C = TypeVar("_C", c.RecordValues, c.CorrectValue)


def with_therapies(doing: Doing, _: Batch, command: _C) -> _C:
    """Say beside what is recorded which therapy each donation number in it belongs to, as far as that is known."""
    texts = [command.value] if isinstance(command, c.CorrectValue) else command.values.values()
    found = {}
    for text in texts:
        with suppress(NotIsbt128):
            number = isbt128.read_donation(text.strip())
            if row := doing.session.get(Donation, number):
                found[number] = row.coi
    return replace(command, therapies=found)
