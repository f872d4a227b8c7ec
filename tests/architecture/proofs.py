"""What a test must be: a sentence, with something in it that can fail."""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator

from tests.architecture.rule import Finding, rule
from tests.architecture.source import ROOT, Function, Source, calls_in

with (ROOT / "docs" / "compliance" / "requirements.csv").open(encoding="utf-8", newline="") as _table:
    _REQUIREMENTS = frozenset(row["id"] for row in csv.DictReader(_table))
_CLAIMS = ("raises", "warns", "expect")  # of pytest, and Playwright's waiting assertion
_EXCUSES = ("skip", "skipif", "importorskip", "xfail")


def _tests(source: Source) -> Iterator[Function]:
    return (function for function in source.functions if function.name.startswith("test"))


@rule(
    "tests/*.py",
    breaks=("def test_it():\n    assert True", 'def test_it():\n    "Works"\n    assert True'),
    keeps=('def test_it():\n    """It works."""\n    assert True', "def helper(): ..."),
)
def a_test_says_what_it_proves(source: Source) -> Iterator[Finding]:
    """Every test has a docstring that states the behaviour, as a sentence."""
    for function in _tests(source):
        if not (ast.get_docstring(function) or "").endswith((".", "?", ":")):
            yield function.lineno, f"{function.name} does not say what it proves"


@rule(
    "tests/*.py",
    breaks=("def test_it():\n    run()", "def test_it():\n    check_it()"),
    keeps=(
        "def test_it():\n    assert run()",
        "def test_it():\n    with pytest.raises(Refused): run()",
        "def test_it(page):\n    expect(page).to_have_title('Board')",
        "def test_it():\n    assert_whole(ledger)",
    ),
)
def a_test_can_fail(source: Source) -> Iterator[Finding]:
    """Every test asserts, expects an exception, or calls a helper named for what it asserts."""
    for function in _tests(source):
        claims = [called.split(".")[-1] for _, called in calls_in(function)]
        asserts = any(isinstance(node, ast.Assert) for node in ast.walk(function))
        if not asserts and not any(name in _CLAIMS or name.startswith("assert_") for name in claims):
            yield function.lineno, f"{function.name} claims nothing"


@rule(
    "tests/*.py",
    breaks=(
        "pytest.skip('later')",
        "@pytest.mark.xfail\ndef test(): ...",
        "@pytest.mark.skipif(X, reason='')\ndef f(): ...",
    ),
    keeps=("skip_the_wait()", "scanner.skip_bytes(3)"),
)
def no_test_is_excused(source: Source) -> Iterator[Finding]:
    """Nothing is skipped and nothing may fail: a test that does not run proves nothing."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in _EXCUSES:
            name = ast.unparse(node)
            if name.startswith(("pytest.", "unittest.")):
                yield node.lineno, f"uses {name}"


@rule(
    "tests/*.py",
    breaks=(
        '@pytest.mark.requirement("RQ-999")\ndef test_it(): ...',
        '@pytest.mark.requirement("11.10(e)")\ndef test_it(): ...',
    ),
    keeps=('@pytest.mark.requirement("RQ-001")\ndef test_it(): ...',),
)
def a_requirement_is_one_of_the_table(source: Source) -> Iterator[Finding]:
    """What a test says it proves is a row of docs/compliance/requirements.csv."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.requirement":
            for argument in node.args:
                if ast.literal_eval(argument) not in _REQUIREMENTS:
                    yield node.lineno, f"{ast.unparse(argument)} is no row of the table"
