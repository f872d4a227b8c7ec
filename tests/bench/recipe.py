"""A recipe to measure with: as long as a real one, every step open from the start, so that saves need no story."""

from __future__ import annotations

OPERATIONS, STEPS, FIELDS = 10, 10, 10
CODE = "bench"


def text() -> str:
    """Return its text: 1,000 numbers in 100 steps."""
    lines = [
        "recipe: A recipe to measure with",
        f"code: {CODE}",
        "product: none",
        "facts: {weight: {unit: kg}}",
        "operations:",
    ]
    for operation in range(1, OPERATIONS + 1):
        lines += [f"  - operation: {operation} Operation {operation}", "    after: []", "    steps:"]
        for step in range(1, STEPS + 1):
            lines += [f"      - step: {operation}.{step} Step {step}", "        after: []", "        record:"]
            lines += [f"          {name(operation, step, field)}: {_FIELD}" for field in range(1, FIELDS + 1)]
    return "\n".join(lines) + "\n"


_FIELD = '{unit: "%", plausible: 0 to 100 %, limit: ">= 1 %", alert: ">= 2 %", class: CQA}'


def name(operation: int, step: int, field: int) -> str:
    """Return the name of a field."""
    return f"value_{operation}_{step}_{field}"


def places() -> list[tuple[str, str]]:
    """Return every step with every field of it, step by step."""
    return [
        (f"{operation}.{step}", name(operation, step, field))
        for operation in range(1, OPERATIONS + 1)
        for step in range(1, STEPS + 1)
        for field in range(1, FIELDS + 1)
    ]
