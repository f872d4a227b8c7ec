"""Parts that recipes share: put in where they are named, and every line still knows where it was written."""

from __future__ import annotations

import pytest

from batch_records.master.digest import digest
from batch_records.master.include import Absent, put_in
from batch_records.master.load import load, shipped, shipped_part
from batch_records.master.text import Problem

PARTS = {
    "work": "- operation: 1 Work\n  steps:\n    - include: look\n",
    "look": "- step: 1.1 Look\n\n  do: Look at it.\n",
    "circle": "- include: circle\n",
}


def test_a_part_stands_as_far_in_as_its_line() -> None:
    """The lines of a part are indented by the line that names it, and empty lines stay empty."""
    whole = put_in("operations:\n  - include: work\nnote: N\n", PARTS.__getitem__)
    assert whole.text == (
        "operations:\n  - operation: 1 Work\n    steps:\n      - step: 1.1 Look\n\n        do: Look at it.\nnote: N\n"
    )


@pytest.mark.parametrize(
    ("line", "place"), [(1, ("", 1)), (2, ("work", 1)), (4, ("look", 1)), (6, ("look", 3)), (7, ("", 3)), (99, ("", 3))]
)
def test_a_mistake_is_told_where_it_was_written(line: int, place: tuple[str, int]) -> None:
    """In the part and its line; past the end, at the last line."""
    whole = put_in("operations:\n  - include: work\nnote: N\n", PARTS.__getitem__)
    assert whole.place(Problem(line, 1, "")) == place


def test_parts_that_include_each_other_are_refused() -> None:
    """And so is a part that does not exist."""
    with pytest.raises(Absent, match="include each other"):
        put_in("- include: circle\n", PARTS.__getitem__)
    with pytest.raises(Absent, match="there is no part “nowhere”"):
        put_in("- include: nowhere\n", shipped_part)


def test_the_digest_covers_every_part() -> None:
    """What is signed is the whole text: no word of it says where a part came from."""
    for text in shipped().values():
        assert "include:" not in text
        assert load(text).digest == digest(text)
