"""Labels: printed, printed again, scanned back where they were put, and accounted for.

Each label has a number of its own. A label of another batch, therapy or printing that turns up where labels are
scanned back is a wrong identity: it is recorded, the batch is held, and the next scan does not undo it.
"""

from __future__ import annotations

from dataclasses import replace

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed import label_commands as lc
from batch_records.executed.batch import SeenFrom
from batch_records.executed.decide import decides
from batch_records.executed.decisions.steps import at_work, must_not_be_held
from batch_records.executed.decisions.values import field_of, put
from batch_records.executed.draft import Draft, Malformed, Refused
from batch_records.executed.label_entries import LabelScanned, LabelsReconciled, LabelsReprinted
from batch_records.executed.labelling import applied, numbers_of
from batch_records.executed.read import read_value
from batch_records.master.recipe import IN_BRACES, Consequence, Field, Kind
from batch_records.values.label_code import read_label
from batch_records.values.limit import Verdict


@decides(c.PrintLabels)
def print_labels(draft: Draft, command: c.PrintLabels) -> None:
    """Print labels with what the recipe puts on them."""
    step = at_work(draft, command.step)
    field = field_of(step, command.field, Kind.LABELS)
    _must_print_some(field, command.copies)
    lines = _lines(draft, field, command.step)
    value = read_value(field, str(command.copies))
    put(draft, field, e.LabelsPrinted(command.step, field.name, value, lines=lines), command.reason)


@decides(lc.ReprintLabels)
def reprint_labels(draft: Draft, command: lc.ReprintLabels) -> None:
    """Print more of some labels, for a reason, until the step that accounts for them is completed."""
    step = at_work(draft, command.step)
    must_not_be_held(draft)
    asked = field_of(step, command.field, Kind.LABELS, Kind.RECONCILIATION)
    field = draft.recipe.fields[asked.labels or asked.name][1]
    if not numbers_of(draft.batch, field.name):
        raise Refused(f"“{field.ask}” have not been printed yet")
    if not command.reason.strip():
        raise Malformed("reason", "say why labels are printed again")
    _must_print_some(field, command.copies)
    lines = _lines(draft, field, command.step)
    draft.write(LabelsReprinted(command.step, field.name, str(command.copies), lines))


@decides(lc.ScanLabel)
def scan_label(draft: Draft, command: lc.ScanLabel) -> None:
    """Scan a label back; whatever it says is recorded."""
    step = at_work(draft, command.step)
    field = field_of(step, command.field, Kind.RECONCILIATION)
    scanned = read_value(replace(field, unit=None), command.scanned)
    printed = numbers_of(draft.batch, field.labels)
    label = read_label(scanned)
    is_ours = label and label.coi == draft.batch.coi and label.is_of(draft.batch.id) and label.number in printed
    must_be = f"must be a label of batch {draft.batch.id}, {_in_words(printed)}"
    if not (label and is_ours):
        draft.write(LabelScanned(command.step, field.labels, scanned, "", Verdict.ACTION, must_be))
        what = f"{field.ask}: {scanned} was scanned, and it {must_be}"
        draft.raise_deviation(what, Consequence.HOLD, command.step, field.labels)
        return
    must_not_be_held(draft)
    if label.number in applied(draft.batch, field.labels):
        raise Refused(f"label {label.number} has been scanned already: scan the next one")
    draft.write(LabelScanned(command.step, field.labels, scanned, str(label.number), Verdict.WITHIN, must_be))


@decides(lc.ReconcileLabels)
def reconcile_labels(draft: Draft, command: lc.ReconcileLabels) -> None:
    """Account for every label that was printed; one that is missing opens a deviation."""
    step = at_work(draft, command.step, command.reason)
    field = field_of(step, command.field, Kind.RECONCILIATION)
    if min(command.destroyed, command.kept) < 0:
        raise Malformed(field.name, "enter how many labels, from 0")
    printed, put_on = (len(found(draft.batch, field.labels)) for found in (numbers_of, applied))
    if not printed:
        raise Refused(f"{draft.ask(field.labels)} have not been printed yet")
    entry = LabelsReconciled(
        command.step,
        field.name,
        read_value(field, str(printed - put_on - command.destroyed - command.kept)),
        printed=str(printed),
        applied=str(put_on),
        destroyed=str(command.destroyed),
        kept=str(command.kept),
    )
    put(draft, field, entry, command.reason)


def _lines(draft: Draft, field: Field, key: str) -> tuple[str, ...]:
    """Return what stands on a label; refuse what would go out with a gap."""
    values = draft.batch.seen_from(key)
    named = [*(name for line in field.lines for name in IN_BRACES.findall(line)), *field.carries]
    if unknown := [name for name in named if not values.text(name)]:
        raise Refused(f"“{field.ask}” needs {draft.ask(unknown[0])} first")
    return tuple(_fill(line, values) for line in field.lines)


def _fill(line: str, values: SeenFrom) -> str:
    return IN_BRACES.sub(lambda match: values.text(match[1]), line)


def _must_print_some(field: Field, copies: int) -> None:
    if copies < 1:
        raise Malformed(field.name, "print at least one label")


def _in_words(numbers: tuple[int, ...]) -> str:
    return (
        f"one of {len(numbers)} labels, numbers {min(numbers)} to {max(numbers)}" if numbers else "none is printed yet"
    )
