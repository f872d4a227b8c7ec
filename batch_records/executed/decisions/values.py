"""Recording: what was seen, measured, scanned, computed, decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from batch_records.executed import commands as c
from batch_records.executed import entries as e
from batch_records.executed.batch import parse_key
from batch_records.executed.decide import decides
from batch_records.executed.decisions.corrections import matched, of_another, ripple, unjudged
from batch_records.executed.decisions.counts import take_count
from batch_records.executed.decisions.steps import at_work, finish, must_be_met, must_not_be_held, stop_batch
from batch_records.executed.draft import Draft, Malformed, Refused
from batch_records.executed.entries import Recorded
from batch_records.executed.progress import duration
from batch_records.executed.read import read_value
from batch_records.executed.span import apart, in_words
from batch_records.master.recipe import Choice, Field, Given, Kind, Step
from batch_records.values.expression import in_words as type_in_words
from batch_records.values.quantity import Quantity, QuantityError
from batch_records.values.unit import Dimensions, Unit, UnitError

_TYPED = (Kind.NUMBER, Kind.TEXT, Kind.CHOICE, Kind.TIME, Kind.DONATION, Kind.PRODUCT, Kind.DOSE)
_ENTERED = (*_TYPED, Kind.READING)


@decides(c.RecordValues)
def record_values(draft: Draft, command: c.RecordValues) -> None:
    """Record what a person entered; for what an instrument should give, with the reason."""
    step = at_work(draft, command.step)
    for name, text in command.values.items():
        field = field_of(step, name, *_ENTERED)
        if field.kind is Kind.READING and not command.reason.strip():
            raise Refused(f"“{field.ask}” comes from the {field.instrument}: say why it is typed instead")
        typed = e.ValueRecorded(command.step, name, read_value(field, text), instead_of=field.instrument)
        typed = of_another(draft, field, typed, command.therapies)
        if field.repeats:
            take_count(draft, field, field.repeats, typed)
        else:
            put(draft, field, typed, command.reason)


@decides(c.ReportResults)
def report_results(draft: Draft, command: c.ReportResults) -> None:
    """Record what the laboratory found."""
    step = at_work(draft, command.step)
    for name, text in command.values.items():
        field = field_of(step, name, Kind.RESULT)
        sample = _sample_of(draft, field, command.step)
        entry = e.ResultReported(command.step, name, read_value(field, text), method=field.method, sample=sample)
        put(draft, field, entry)


@decides(c.TakeReading)
def take_reading(draft: Draft, command: c.TakeReading) -> None:
    """Take what the assigned instrument shows, if it is good, fresh and of the right sample."""
    step = at_work(draft, command.step, command.reason)
    field = field_of(step, command.field, Kind.READING)
    assigned = draft.batch.equipment.get(field.instrument)
    if not assigned:
        raise Refused(f"no {field.instrument} is assigned to this batch: scan one first")
    if assigned in draft.batch.calibrated and draft.batch.calibrated[assigned] <= draft.at:
        ended = draft.batch.calibrated[assigned]
        raise Refused(f"the calibration of {assigned} ended on {ended:%Y-%m-%d}: have it calibrated and scan it again")
    if command.equipment and (objection := unfit_to_measure(command.equipment, command.batch, draft.at)):
        raise Refused(objection)
    reading = command.reading
    if reading is None or (reading.instrument, reading.channel) != (assigned, field.channel):
        raise Refused(f"{assigned} has given no value of {field.channel}")
    if objection := unusable(field, reading, _sample_of(draft, field, command.step), draft.at):
        raise Refused(objection)
    entry = e.ReadingTaken(
        command.step,
        field.name,
        _measured(field, reading),
        instrument=reading.instrument,
        sequence=reading.sequence,
        channel=reading.channel,
        quality=reading.quality,
        sample=reading.sample,
        source_time=reading.source_time.isoformat() if reading.source_time else "",
        received_time=reading.received_time.isoformat(),
        raw_digest=reading.raw_digest,
    )
    if field.repeats:
        take_count(draft, field, field.repeats, entry)
    else:
        put(draft, field, entry, command.reason)


def unusable(field: Field, reading: c.Reading, sample: str, at: datetime) -> str:
    """Say why a reading cannot be taken, or nothing. The tablet asks the same before it offers the button."""
    if reading.quality != "good":
        return f"the value of {reading.instrument} is marked {reading.quality}: it cannot be taken"
    if sample and reading.sample != sample:
        return f"{reading.instrument} measured sample {reading.sample or 'without a code'}, and this step's is {sample}"
    measured = min(reading.source_time or reading.received_time, reading.received_time)  # its clock may run ahead
    age = apart(at, measured)
    if field.fresh_for and age > duration(field.fresh_for):
        if measured > at:
            return f"the value of {reading.instrument} bears a time {in_words(age)} ahead of the clock here"
        return f"the value of {reading.instrument} is {in_words(age)} old; it counts for {field.fresh_for}"
    return ""


@decides(c.Calculate)
def calculate(draft: Draft, command: c.Calculate) -> None:
    """Compute every calculated value of a step."""
    step = at_work(draft, command.step)
    for field in step.fields:
        if field.kind is Kind.CALCULATED:
            entry = draft.compute(field, command.step)
            before = draft.batch.run(command.step).values.get(field.name)
            if before is None or unjudged(before.entry) != entry:
                _record(draft, field, entry)


@decides(c.CheckIdentity)
def check_identity(draft: Draft, command: c.CheckIdentity) -> None:
    """Compare a scan with what the batch knows; whatever it says is recorded."""
    step = at_work(draft, command.step)
    field = field_of(step, command.field, Kind.IDENTITY)
    expected = draft.batch.seen_from(command.step).text(field.matches)
    if not expected:
        raise Refused(f"“{field.ask}” is compared with {draft.ask(field.matches)}, which is not recorded yet")
    scanned = read_value(field, command.scanned)
    entry = e.IdentityChecked(command.step, field.name, scanned, expected=expected)
    verdict, judged = matched(draft, field, entry)
    if not verdict.is_out:
        before = draft.batch.run(command.step).values.get(field.name)
        if before and not before.verdict.is_out:
            raise Refused(f"“{field.ask}” has been checked already and matches")
        must_not_be_held(draft)
    draft.record(field, replace(entry, verdict=verdict, judged=judged))


@decides(c.AddMaterial)
def add_material(draft: Draft, command: c.AddMaterial) -> None:
    """Use a lot that is the right material, released and not expired."""
    step = at_work(draft, command.step, command.reason)
    field = field_of(step, command.field, Kind.LOT)
    lot = command.lot
    if lot is None:
        raise Refused(f"“{command.code}” is the code of no lot")
    if lot.material != field.material:
        raise Refused(f"lot {lot.number} is {lot.material}; this step needs {field.material}")
    if lot.status != "released":
        raise Refused(f"lot {lot.number} is {lot.status}: scan a released lot")
    if lot.expires <= draft.at:
        raise Refused(f"lot {lot.number} expired on {lot.expires:%Y-%m-%d}: scan another lot")
    gives = {name: _given(lot, name, given) for name, given in field.gives.items()}
    entry = e.MaterialAdded(
        command.step,
        field.name,
        lot.number,
        material=lot.material,
        expires=lot.expires.isoformat(),
        status=lot.status,
        gives=gives,
    )
    put(draft, field, entry, command.reason)


@decides(c.UseEquipment)
def use_equipment(draft: Draft, command: c.UseEquipment) -> None:
    """Use equipment of the right class that is ready, in calibration and no other batch's."""
    step = at_work(draft, command.step, command.reason)
    field = field_of(step, command.field, Kind.EQUIPMENT)
    equipment = _usable(draft, command, field.equipment_class)
    entry = e.EquipmentUsed(
        command.step,
        field.name,
        equipment.code,
        equipment_class=equipment.equipment_class,
        status=equipment.status,
        calibrated_until=equipment.calibrated_until.isoformat(),
        qualified_until=equipment.qualified_until.isoformat() if equipment.qualified_until else "",
    )
    put(draft, field, entry, command.reason)


@decides(c.AssignInstrument)
def assign_instrument(draft: Draft, command: c.AssignInstrument) -> None:
    """Measure with another instrument of the same class: the first has failed, or is another batch's now."""
    step = at_work(draft, command.step, command.reason)
    if all(field.instrument != command.equipment_class for field in step.fields):
        raise Refused(f"step {step.id} measures nothing with a {command.equipment_class}")
    equipment = _usable(draft, command, command.equipment_class)
    until, qualified = equipment.calibrated_until, equipment.qualified_until
    batch = draft.batch
    if batch.equipment.get(command.equipment_class) == equipment.code and batch.calibrated.get(equipment.code) == until:
        return
    draft.write(
        e.InstrumentAssigned(
            command.step,
            command.equipment_class,
            equipment.code,
            equipment.status,
            until.isoformat(),
            qualified.isoformat() if qualified else "",
        )
    )


def _usable(draft: Draft, command: c.UseEquipment | c.AssignInstrument, class_: str) -> c.Equipment:
    """Return the equipment that was scanned, or refuse what cannot be used in this batch now."""
    equipment = command.equipment
    if equipment is None:
        raise Refused(f"“{command.code}” is the code of no equipment")
    if equipment.equipment_class != class_:
        raise Refused(f"{equipment.code} is of the class “{equipment.equipment_class}”; this step needs “{class_}”")
    if objection := unfit(equipment, command.batch, draft.at):
        raise Refused(objection)
    return equipment


def unfit(equipment: c.Equipment, batch: str, at: datetime) -> str:
    """Say why equipment cannot be used for a batch now, or nothing; asked when it is scanned and when it measures."""
    if equipment.status != "ready":
        return f"{equipment.code} is {equipment.status}: use another, or have it made ready"
    if equipment.calibrated_until <= at:
        return f"the calibration of {equipment.code} ended on {equipment.calibrated_until:%Y-%m-%d}"
    if equipment.qualified_until and equipment.qualified_until <= at:
        return f"the qualification of {equipment.code} ended on {equipment.qualified_until:%Y-%m-%d}"
    if equipment.batch and equipment.batch != batch:
        return f"{equipment.code} is in use for batch {equipment.batch}"
    return ""


def unfit_to_measure(equipment: c.Equipment, batch: str, at: datetime) -> str:
    """Say why nothing that equipment measures now can be this batch's, or nothing."""
    if equipment.exclusive and not equipment.batch:
        return f"{equipment.code} was made ready since, and belongs to no batch: scan it again"
    return unfit(equipment, batch, at)


@decides(c.TakeSample)
def take_sample(draft: Draft, command: c.TakeSample) -> None:
    """Take a sample into a tube that no other sample has."""
    step = at_work(draft, command.step, command.reason)
    field = field_of(step, command.field, Kind.SAMPLE)
    code = read_value(field, command.code)
    before = draft.batch.run(command.step).values.get(field.name)
    if command.known_in and not (before and before.text == code):
        raise Refused(f"tube {code} already holds a sample of batch {command.known_in}: take a new tube")
    put(draft, field, e.SampleTaken(command.step, field.name, code), command.reason)


@decides(c.Decide)
def decide_way(draft: Draft, command: c.Decide) -> None:
    """Choose a way to go; a way whose needs are not met is refused with what is missing."""
    must_not_be_held(draft)
    step = at_work(draft, command.step, command.reason)
    field = field_of(step, command.field, Kind.DECISION)
    choice = next((choice for choice in field.choices if choice.name == command.choice), None)
    if choice is None:
        raise Malformed(field.name, f"choose one of: {', '.join(field.options)}")
    must_be_met(draft, command.step, choice)
    _must_be_valid(draft, command.step, choice)
    repeat = draft.recipe.operation_of[step.id].repeat
    _, number = parse_key(command.step)
    goes_on = repeat and repeat.until == field.name and choice.name != repeat.choice and not choice.ends
    if repeat and goes_on and number >= repeat.at_most:
        raise Refused(f"this is round {number} of at most {repeat.at_most}: “{choice.name}” cannot be chosen")
    put(draft, field, e.Decided(command.step, field.name, command.choice), command.reason)
    finish(draft, step, command.step)
    if choice.ends:
        cause = f"{field.ask}: {command.choice}"
        stop_batch(draft, f"{cause} ({command.reason})" if command.reason else cause)


def _must_be_valid(draft: Draft, key: str, choice: Choice) -> None:
    """Refuse to go on by a result that is older than its gate lets it count."""
    gate = draft.recipe.steps[key.partition(":")[0]].gate
    if not (gate and gate.valid_for):
        return
    for name in choice.needs.names if choice.needs else ():
        for value in draft.batch.seen_from(key).recorded(name)[-1:]:
            age = draft.at - value.stamp.at
            if isinstance(value.entry, e.ResultReported) and age > duration(gate.valid_for):
                raise Refused(f"{draft.ask(name)} is {in_words(age)} old, and counts for {gate.valid_for}: test again")


def _sample_of(draft: Draft, field: Field, key: str) -> str:
    """Return the code of the tube that a value is measured in; refuse what has no tube yet."""
    sample = draft.batch.seen_from(key).text(field.sample)
    if field.sample and not sample:
        raise Refused(f"“{field.ask}” is measured in {draft.ask(field.sample)}, which is not taken yet")
    return sample


def field_of(step: Step, name: str, *kinds: Kind) -> Field:
    """Return a field of a step, of one of these kinds."""
    for field in step.fields:
        if field.name == name and field.kind in kinds:
            return field
    raise Refused(f"step {step.id} has no such field “{name}”")


def put(draft: Draft, field: Field, entry: Recorded, reason: str = "") -> None:
    """Record a value. The same again is nothing new; another needs its reason."""
    before = draft.batch.run(entry.step).values.get(field.name)
    is_same = before and before.text == entry.value and type(before.entry) is type(entry)
    if before and is_same and (isinstance(entry, e.ReadingTaken) or unjudged(before.entry) == entry):
        return
    if before and not is_same and not reason.strip():
        raise Refused(f"“{field.ask}” is recorded as {before.text}; to change it, correct it with a reason")
    _record(draft, field, entry)


def _record(draft: Draft, field: Field, entry: Recorded) -> None:
    """Record a value; a new round of it, too, changes what was computed from all rounds."""
    draft.record(field, entry)
    ripple(draft, {field.name, *field.gives}, entry.step, f"“{field.ask}” was recorded since")


def _measured(field: Field, reading: c.Reading) -> str:
    try:
        quantity = Quantity.parse(reading.value, Unit.parse(reading.unit))
    except (QuantityError, UnitError) as error:
        raise Refused(f"{reading.instrument} sent “{reading.value}”: {error}") from None
    if field.unit and quantity.unit.dimensions != field.unit.dimensions:
        raise Refused(f"{reading.instrument} gives {reading.channel} in {reading.unit}, and {field.unit} is asked for")
    return str(quantity)


def _given(lot: c.Lot, name: str, given: Given) -> str:
    words = name.replace("_", " ")
    text = lot.gives.get(name, "")
    if not text:
        raise Refused(f"the certificate of lot {lot.number} does not give “{words}”")
    if given.must_be and text != given.must_be:
        raise Refused(f"lot {lot.number} gives {words} “{text}”; this recipe counts for “{given.must_be}” only")
    if given.type != "text" and _dimensions(text) != given.type:
        raise Refused(f"lot {lot.number} gives {words} as “{text}”; this recipe needs {type_in_words(given.type)}")
    return text


def _dimensions(text: str) -> Dimensions | None:
    try:
        return Quantity.parse(text).unit.dimensions
    except (QuantityError, UnitError):
        return None
