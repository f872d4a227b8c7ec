"""Who may know whom. The import contracts in pyproject.toml follow chains; these rules name the line, in any tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.rule import Finding, rule
from tests.architecture.source import Source, calls_in, length, matching, under

_ACTING = ("flask", "sqlalchemy", "serial", "opcua", "asyncua", "asyncio", "socket", "os", "time", "random")
_WAITING = ("devices.transports", "socket", "serial", "asyncio", "time", "threading")
_STORING = ("mes.db", "mes.ledger", "sqlalchemy")
_SHARED = ("devices.reading", "devices.catalogue", "devices.clock")


def _importing(source: Source, banned: tuple[str, ...]) -> Iterator[Finding]:
    return ((line, f"imports {name}") for line, name in source.imports if under(name, banned))


@rule(
    "batch_records/*.py",
    breaks=("import os", "from socket import create_connection", "import asyncio.events"),
    keeps=("import re", "from batch_records.values import unit"),
)
def the_core_knows_no_machine(source: Source) -> Iterator[Finding]:
    """`batch_records` imports no web, database, instrument, machine, clock or chance."""
    return _importing(source, _ACTING)


@rule(
    "batch_records/*.py",
    breaks=("at = datetime.now(UTC)", "day = date.today()", "key = uuid4()", "key = uuid.uuid4()"),
    keeps=("clock()", "now = entry.at"),
)
def the_core_is_told_time_and_identity(source: Source) -> Iterator[Finding]:
    """`batch_records` asks no clock and makes no identifier: both come in with the command."""
    for line, called in source.calls:
        if called.endswith((".now", ".utcnow", ".today")) or called.split(".")[-1] in ("uuid1", "uuid4"):
            yield line, f"calls {called}()"


@rule(
    "devices/protocols/*.py",
    "devices/framing.py",
    breaks=("import time", "from devices.transports import tcp", "from threading import Thread"),
    keeps=("from devices.framing import Line", "from datetime import timedelta"),
)
def protocols_think_about_bytes(source: Source) -> Iterator[Finding]:
    """`devices.protocols` and `devices.framing` import no transport, no time, no thread."""
    return _importing(source, _WAITING)


@rule(
    "mes/*.py",
    breaks=("import devices", "from devices import gateway", "import devices.spool"),
    keeps=("from devices import catalogue", "from devices.reading import Reading", "import devices.clock"),
)
def the_application_knows_readings_not_wires(source: Source) -> Iterator[Finding]:
    """`mes` takes from `devices` what a reading is, which instruments there are, and the clock."""
    for line, name in source.imports:
        if under(name, ("devices",)) and not under(name, _SHARED):
            yield line, f"imports {name}"


@rule(
    "mes/*/views.py",
    breaks=("from mes import db", "import sqlalchemy as sa", "from mes.ledger.act import Act"),
    keeps=("from mes.batches.queries import board", "from mes.execute import execute"),
)
def views_ask_and_show(source: Source) -> Iterator[Finding]:
    """A view imports no database and no ledger: it asks queries, and commands through the door."""
    return _importing(source, _STORING)


@rule(
    "mes/*/views.py",
    breaks=("def board():\n" + "    line()\n" * 15,),
    keeps=("@signed_in\ndef board():\n" + "    line()\n" * 14,),
)
def a_view_is_fifteen_lines(source: Source) -> Iterator[Finding]:
    """A function in a views file is at most 15 lines."""
    for function in source.functions:
        if length(function) > 15:
            yield function.lineno, f"{function.name} is {length(function)} lines"


@rule("mes/*.py", outside=("mes/execute.py",), breaks=("act = Act(by)", "with act.Act(by): pass"), keeps=("Acted(by)",))
def only_the_door_acts(source: Source) -> Iterator[Finding]:
    """`Act` is made in `mes/execute.py` and nowhere else, so nothing can be written past the door."""
    return ((line, "makes an Act") for line, called in source.calls if called.split(".")[-1] == "Act")


_ROUTED = "@bp.post('/x')\ndef x():\n    "


@rule(
    "mes/*.py",
    breaks=(
        _ROUTED + "return page()",
        _ROUTED + "execute(A()); execute(B())",
        "@bp.route('/x', methods=['GET', 'POST'])\ndef x():\n    return page()",
    ),
    keeps=(_ROUTED + "execute(A())", "@bp.get('/x')\ndef x():\n    return page()", "@bp.route('/x')\ndef x(): ..."),
)
def a_post_is_one_command(source: Source) -> Iterator[Finding]:
    """Every route that changes something calls `execute` exactly once."""
    for function in source.functions:
        commands = sum(called == "execute" for _, called in calls_in(function))
        if any(_changes(decorator) for decorator in function.decorator_list) and commands != 1:
            yield function.lineno, f"{function.name} calls execute {commands} times"


def _changes(decorator: ast.expr) -> bool:
    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)):
        return False
    methods = {word.value for word in ast.walk(decorator) if isinstance(word, ast.Constant)}
    verb = decorator.func.attr
    return verb in ("post", "put", "patch", "delete") or (
        verb == "route" and not methods.isdisjoint({"POST", "PUT", "PATCH", "DELETE"})
    )


@rule(
    "mes/*/queries.py",
    breaks=(
        "class Lot(Row): ...\ndef lot(number: str) -> Lot: ...",
        "from tests.services.postgres import Cluster\ndef lots() -> dict[str, list[Cluster]]: ...",
        "from tests.services import postgres\ndef lot() -> postgres.Cluster | None: ...",
        "from sqlalchemy import Select\ndef lots() -> Select: ...",
        "def lots(): ...",
    ),
    keeps=(
        "def count() -> int: ...",
        "@dataclass(frozen=True, slots=True)\nclass Seen: ...\ndef seen() -> dict[str, tuple[Seen, ...]] | None: ...",
        "from tests.architecture import rule\ndef seen() -> rule.Rule: ...",
        "from datetime import datetime\ndef opened() -> datetime: ...",
        "def _rows() -> Select: ...",
        "class Out(BaseModel, frozen=True): ...\ndef out() -> Out: ...",
    ),
)
def queries_return_what_nobody_can_change(source: Source) -> Iterator[Finding]:
    """A query returns frozen dataclasses and plain values, never a row that a view could write to."""
    for function in source.functions:
        if function.returns is None:
            yield function.lineno, f"{function.name} does not say what it returns"
        elif not function.name.startswith("_"):
            for name in sorted(_names(function.returns)):
                if _can_change(name, source):
                    yield function.lineno, f"{function.name} returns {name}, which can be changed"


def _names(annotation: ast.expr) -> set[str]:
    return {ast.unparse(node) for node in ast.walk(annotation) if isinstance(node, ast.Name | ast.Attribute)}


def _can_change(name: str, source: Source) -> bool:
    """Say whether a name is a class of ours that is not frozen, or one of the database's."""
    first, _, rest = name.partition(".")
    full = next((full for _, full in source.imports if full.split(".")[-1] == first), "")
    module, _, class_name = f"{full}.{rest}".strip(".").rpartition(".") if full else ("", "", name)
    homes = matching(f"{module.replace('.', '/')}.py") if module else [source]
    classes = {node.name: node for home in homes for node in ast.walk(home.tree) if isinstance(node, ast.ClassDef)}
    return under(full, _STORING) or (class_name in classes and not _is_frozen(classes[class_name]))


def _is_frozen(node: ast.ClassDef) -> bool:
    bases = {ast.unparse(base).split(".")[-1] for base in node.bases}
    decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    keywords = [ast.unparse(keyword) for keyword in node.keywords]  # as pydantic's models say it
    is_value = bool(bases & {"Enum", "StrEnum", "NamedTuple"})
    return is_value or any("frozen=True" in each for each in (*decorators, *keywords))
