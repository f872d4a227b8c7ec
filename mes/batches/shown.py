"""Parts of batch records, as pages and documents show them: values with their units, limits in words, who and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from itertools import pairwise

from flask import url_for
from sqlalchemy.orm import Session

from batch_records.executed import entries as e
from batch_records.executed.batch import Batch, Run, SeenFrom, Value, base_of
from batch_records.executed.count_entries import ValueAveraged
from batch_records.executed.label_entries import LabelsReconciled
from batch_records.executed.progress import Clock, Progress, Standing
from batch_records.master.recipe import Field, Kind
from batch_records.values import isbt128
from batch_records.values.dose import DoseRule
from batch_records.values.expression import Constants, Missing, Values
from batch_records.values.limit import Limit, Verdict
from batch_records.values.quantity import Quantity, power_of_ten
from batch_records.values.unit import Unit
from mes.batches.folds import book_of
from mes.context import installation
from mes.ledger.signed import flaws_of
from mes.web import shapes

VERDICTS = {
    Verdict.NONE: "none",
    Verdict.WITHIN: "within",
    Verdict.ALERT: "alert",
    Verdict.ACTION: "action",
    Verdict.IMPLAUSIBLE: "implausible",
}
STATES = {
    Standing.NOT_APPLICABLE: "not applicable",
    Standing.WAITING: "waiting",
    Standing.READY: "ready",
    Standing.IN_PROGRESS: "in progress",
    Standing.TO_VERIFY: "awaiting verification",
    Standing.DONE: "complete",
}
_KINDS = {
    Kind.DECISION: "choice",
    Kind.LABELS: "number",
    Kind.DOSE: "text",
    **dict.fromkeys((Kind.DONATION, Kind.PRODUCT), "code"),
}
_CORRECTABLE = (e.ValueRecorded, e.ReadingTaken, e.ResultReported, e.ValueCorrected)


def local(at: datetime) -> datetime:
    """Return a time in the site's zone."""
    return at.astimezone(installation().settings.zone)


def minute(at: datetime) -> str:
    """Say a time in the site's zone, to the minute."""
    text = local(at).isoformat(sep=" ", timespec="minutes")
    return f"{text[:16]} ({text[16:]})"


def remarks(run: Run, names: Mapping[str, str]) -> tuple[tuple[shapes.Stamp, str], ...]:
    """Return what was remarked on a step, why it was opened again, and which instruments took over in it, in order."""
    taken_over = [(at, f"Measured with {entry.code} from here on.") for at, entry in run.assigned]
    reopened = [(at, f"Opened again: {why}") for at, why in run.reopened]
    said = sorted((*run.comments, *reopened, *taken_over), key=lambda each: each[0].page)
    return tuple((stamp(at, names), text) for at, text in said)


def withdrawn(run: Run, names: Mapping[str, str]) -> tuple[shapes.Withdrawn, ...]:
    """Return the signatures of a step that were taken back, oldest first."""
    return tuple(
        shapes.Withdrawn(
            tuple(
                (verb, stamp(signed, names))
                for verb, signed in (("performed by", gone.completed), ("verified by", gone.verified))
                if signed
            ),
            stamp(gone.amended, names),
            gone.because,
        )
        for gone in run.withdrawn
    )


def unit_words(unit: Unit | str) -> str:
    """Return a unit as people write it: ``×10⁶ cells/mL``, and nothing for a plain number."""
    text = str(unit)
    if text.startswith("10^"):
        power, _, rest = text.removeprefix("10^").partition(" ")
        return f"×{power_of_ten(power)} {rest}"
    return "" if text == "1" else text


def stamp(written: e.Stamp, names: Mapping[str, str]) -> shapes.Stamp:
    """Return who wrote an entry and when, and what they signed it as."""
    if written.signature and written.signature.meaning:
        signature = written.signature
        return shapes.Stamp(signature.name, written.role, local(written.at), written.author, signature.meaning)
    return shapes.Stamp(names.get(written.author, written.author), written.role, local(written.at))


def digits_and_unit(field: Field, text: str) -> tuple[str, str]:
    """Split a recorded value into what stands large and what stands beside it."""
    if field.kind is Kind.TIME:
        return local(datetime.fromisoformat(text)).strftime("%Y-%m-%d %H:%M"), ""
    if field.kind is Kind.DONATION:
        return isbt128.printed(text), ""
    if field.kind is Kind.DOSE:
        return DoseRule.parse(text).words, ""
    if field.unit is None:
        return text, ""
    quantity = Quantity.parse(text)
    return grouped(quantity.digits), unit_words(quantity.unit)


def grouped(digits: str) -> str:
    """Return digits as written, a long whole part in groups of three with narrow spaces: none is added or lost."""
    whole, point, rest = digits.partition(".")
    if not whole.lstrip("+-").isdigit() or len(whole) < 6:
        return digits
    head, tail = whole[: len(whole) % 3], whole[len(whole) % 3 :]
    groups = [head] if head else []
    groups += [tail[start : start + 3] for start in range(0, len(tail), 3)]
    return "\u202f".join(groups) + point + rest


def limit_words(field: Field, values: Values) -> tuple[str, ...]:
    """Say each limit of a field with its bounds computed, or as the recipe writes it where they cannot be yet."""
    if field.kind is Kind.RECONCILIATION:
        return ("None may be missing",)
    layers = (("Limit", field.limits.action), ("Alert", field.limits.alert), ("Possible", field.limits.plausible))
    return tuple(f"{word} {_limit(limit, field, values)}" for word, limit in layers if limit)


def _limit(limit: Limit, field: Field, values: Values) -> str:
    try:
        words = limit.in_words(values, field.unit)
    except Missing:
        return limit.text
    return str(words).replace(str(field.unit), unit_words(field.unit)) if field.unit else words


def scale(field: Field, values: SeenFrom, text: str | None) -> shapes.Scale | None:
    """Place a number among its limits, on a line from the lowest to the highest of them with some room."""
    if field.unit is None or not (field.limits.action or field.limits.alert):
        return None
    try:
        action, alert = (_bounds(limit, values) for limit in (field.limits.action, field.limits.alert))
    except Missing:
        return None
    at = base_of(text, field.type) if text else None
    known = [bound for bound in (*action, *alert, at) if isinstance(bound, Fraction)]
    least, most = min(known), max(known)
    room = (most - least) / 4 or abs(most) / 4 or Fraction(1)
    start, width = least - room, most - least + 2 * room

    def place(bound: object) -> float | None:
        return round(float(100 * (bound - start) / width), 1) if isinstance(bound, Fraction) else None

    return shapes.Scale(place(at), *map(place, (*action, *alert)))


def _bounds(limit: Limit | None, values: SeenFrom) -> tuple[Fraction | None, Fraction | None]:
    if limit is None:
        return None, None
    low, high = (bound(values) if bound else None for bound in (limit.low, limit.high))
    return (Fraction(low) if low is not None else None), (Fraction(high) if high is not None else None)


def kind_of(field: Field) -> str:
    """Return the kind of field that a page draws."""
    if field.kind is Kind.RESULT:
        return "number" if field.unit else "choice"
    return _KINDS.get(field.kind) or str(field.kind.value)


def asked(field: Field, values: SeenFrom | None) -> shapes.Field:
    """Return a field that is not recorded yet; a fact is asked before there are any values."""
    expected = values.text(field.matches) if values and field.kind is Kind.IDENTITY else ""
    return shapes.Field(
        name=field.name,
        ask=field.ask,
        kind=kind_of(field),
        unit=unit_words(field.unit) if field.unit else "",
        limits=limit_words(field, values or Constants({})),
        parameter_class=field.parameter_class.name if field.parameter_class else None,
        hint=_hint(field),
        options=tuple(shapes.Option(option, option) for option in field.options),
        expected=expected,
        formula=field.formula.text if field.formula else "",
        instrument=field.instrument,
        typeable=field.kind is Kind.READING,
        repeats=field.repeats.times if field.repeats else 0,
    )


def _hint(field: Field) -> str:
    if field.kind is Kind.LOT:
        return field.material
    if field.kind is Kind.EQUIPMENT:
        return field.equipment_class
    return "" if field.note == "[A]" else field.note  # a mark for who approves recipes, not for who works by them


def recorded(field: Field, value: Value, values: SeenFrom, names: Mapping[str, str]) -> shapes.Field:
    """Return a field with what is recorded, and all that it replaced."""
    digits, unit = digits_and_unit(field, value.text)
    versions = (*value.history, value)
    struck = tuple(
        shapes.Struck(*digits_and_unit(field, old.text), stamp(old.stamp, names), stamp(new.stamp, names), _why(new))
        for old, new in pairwise(versions)
    )
    made = asked(field, values)
    return replace(
        made,
        limits=tuple(words for words in made.limits if not words.startswith("Possible")),
        unit=unit,
        value=digits,
        verdict=VERDICTS[value.verdict],
        scale=scale(field, values, value.text),
        source=source_words(value),
        recorded=stamp(value.stamp, names),
        history=struck,
        formula=_computed(value.entry),
        correctable=isinstance(value.entry, _CORRECTABLE),
    )


def _why(value: Value) -> str:
    counted = isinstance(value.entry, ValueAveraged)
    return value.stamp.reason or ("counted again" if counted else "computed again from corrected values")


def _computed(entry: e.Recorded) -> str:
    if isinstance(entry, ValueAveraged):
        spread = f"CV {entry.cv or 'not computable'}, {entry.cv_verdict} ({entry.cv_judged})"
        counted = f"{entry.average}: {', '.join(entry.counts)}; rounded {entry.rounding}"
        return f"{counted}; {spread}; outliers {entry.outliers}"
    if not isinstance(entry, e.ValueCalculated):
        return ""
    inputs = ", ".join(f"{name} = {text}" for name, text in entry.inputs.items())
    return f"{entry.formula}, rounded {entry.rounding}; {inputs}"


def source_words(value: Value) -> str:
    """Say where a value comes from."""
    entry = value.entry
    match entry:
        case e.ReadingTaken():
            return f"{entry.instrument}, reading {entry.sequence}"
        case e.ValueRecorded() if entry.instead_of:
            return f"typed instead of measured: {value.stamp.reason}"
        case e.ValueCalculated():
            return "calculated"
        case ValueAveraged():
            return f"{entry.average} counts, set {entry.set}"
        case e.IdentityChecked() | e.MaterialAdded() | e.EquipmentUsed() | LabelsReconciled():
            return _of_scan(entry)
        case e.ResultReported():
            return f"laboratory: {entry.method}" + (f", sample {entry.sample}" if entry.sample else "")
        case e.ValueCorrected():
            return f"corrected: {value.stamp.reason}"
    return "typed" if isinstance(entry, e.ValueRecorded) else "recorded"


def _of_scan(entry: e.Recorded) -> str:
    match entry:
        case e.MaterialAdded():
            return f"{entry.material}, {entry.status}, expires {entry.expires[:10]}"
        case e.EquipmentUsed():
            return f"{entry.equipment_class}, {entry.status}, calibrated until {entry.calibrated_until[:10]}"
        case LabelsReconciled():
            put_on, gone = f"{entry.applied} scanned where they were put", f"{entry.destroyed} destroyed"
            return f"{entry.printed} printed: {put_on}, {gone}, {entry.kept} kept with the record"
    return "scanned"


def clock(running: Clock) -> shapes.Clock:
    """Return a running hold time as the pages draw it."""
    least, most = running.hold_time.least, running.hold_time.most
    words = ", ".join(filter(None, (f"at least {least}" if least else "", f"at most {most}" if most else "")))
    due = local(running.due) if running.due else None
    return shapes.Clock(running.hold_time.name, local(running.since), due, words)


def altered(session: Session, batch: str) -> tuple[str, ...]:
    """Say what in a batch's record is not as it was written and signed: nothing, where nobody tampered."""
    flaws = flaws_of(session.connection(), book_of(batch), installation().names)
    return tuple(f"This record does not verify: line {each.page}, {each.sentence}." for each in flaws)


def record(batch: Batch) -> str:
    """Name a batch's record as it is now, as what a signature on the whole of it signs."""
    return f"record of {batch.id}, lines 1 to {batch.last.page}"


def head(batch: Batch, names: Mapping[str, str]) -> shapes.BatchHead:
    """Return a batch as the banner shows it."""
    held = None
    if batch.holds:
        since, hold = batch.holds[0]
        held = shapes.Held(f"{hold.cause}.", local(since.at), "Quality lifts the hold when its deviation is closed.")
    return shapes.BatchHead(
        number=batch.id,
        coi=batch.coi,
        product=batch.issue.product,
        cell_source=whose_cells(batch.facts),
        state=batch.disposition.value,
        held=held,
        started=stamp(batch.started, names),
        recipe=f"{batch.recipe.title}, edition {batch.issue.edition}",
    )


def next_step(batch: Batch, progress: Progress) -> shapes.StepLink | None:
    """Return the first step that somebody can work on, and who."""
    for key in progress:
        standing = progress.standing(key)
        if standing in (Standing.READY, Standing.IN_PROGRESS, Standing.TO_VERIFY):
            step = batch.recipe.steps[key.partition(":")[0]]
            role = step.verifier if standing is Standing.TO_VERIFY and step.verifier else step.performer
            verb = "verifies it" if standing is Standing.TO_VERIFY else "performs it"
            url = url_for("batches.step", batch=batch.id, step=key)
            return shapes.StepLink(key, step.title, f"{role.value} {verb}", url, STATES[standing])
    return None


def whose_cells(facts: Mapping[str, str]) -> str:
    """Say whose cells a batch is made of, and what the patient went through: two facts."""
    return ", ".join(filter(None, (facts.get("cell_source"), facts.get("transplant_status"))))
