"""What a recipe says, once read: record › operation › step › field (ISA-88's procedure, cut to a batch record).

These are values without behaviour. `batch_records.master.load` makes them from text; `batch_records.executed` runs
batches by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from batch_records.values.expression import Type
from batch_records.values.formula import Formula
from batch_records.values.limit import NO_LIMITS, Limits
from batch_records.values.quantity import Quantity
from batch_records.values.rounding import Rounding
from batch_records.values.unit import Unit

IN_BRACES = re.compile(r"\{([^{}]*)\}")  # the values named in a line of a label


class Role(Enum):
    """Who may perform or verify a step. A person may hold several; no step is verified by who performed it."""

    OPERATOR = "operator"
    VERIFIER = "verifier"
    ANALYST = "analyst"
    PHYSICIAN = "physician"
    REVIEWER = "quality reviewer"
    RELEASER = "releaser"


class Kind(Enum):
    """What a field holds, and so how it is recorded."""

    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"
    TIME = "time"
    READING = "reading"
    CALCULATED = "calculated"
    IDENTITY = "identity"
    LOT = "lot"
    EQUIPMENT = "equipment"
    SAMPLE = "sample"
    LABELS = "labels"
    DECISION = "decision"
    RESULT = "result"
    DONATION = "donation number"
    PRODUCT = "product code"
    RECONCILIATION = "reconciliation"
    DOSE = "dose"


class ParameterClass(Enum):
    """ICH Q8's classes: a process parameter, an in-process control, a quality attribute of the product."""

    CPP = "critical process parameter"
    IPC = "in-process control"
    CQA = "critical quality attribute"


class Stage(Enum):
    """The stages of release (EU GMP Part IV, 11.3): what must be in before each."""

    CONDITIONAL = "conditional release"
    FINAL = "final release"


class Milestone(Enum):
    """What a step means for the therapy, where a proof asks about it: what protects, what enters, what was looked for.

    Source: reference facts 1 and 3: fratricide control comes before the CAR; blasts are gated four times.
    """

    FRATRICIDE_CONTROL = "fratricide control"
    CAR = "CAR"
    BLOOD = "blasts in blood"
    BAG = "blasts in the bag"
    CULTURE = "blasts in culture"
    PRODUCT = "blasts in the product"
    HEALTHY_DONOR = "healthy donor"  # stands in the place of blasts: who has no leukaemia gives none


class Phenotype(Enum):
    """By what blasts are told from T cells. CD7 is not among them: a blocked or edited blast shows none (fact 2)."""

    LAIP = "the patient's LAIP"
    CLONOTYPE = "the patient's clonotype"
    BOTH = "the patient's LAIP and clonotype"


@dataclass(frozen=True)
class Gate:
    """How blasts are looked for: of what a share, by which phenotype, how few are found, how long a result counts."""

    metric: str
    phenotype: Phenotype
    sensitivity: Quantity
    valid_for: Quantity | None = None


class Consequence(Enum):
    """What a value outside its action limit does to the batch, beside opening a deviation."""

    DEVIATION = "deviation"
    HOLD = "hold"


class SupplyPath(Enum):
    """By which rules a product out of specification may go to its patient; a recipe without one knows no such way."""

    EU = "EU GMP Part IV 11.5"
    IND = "US IND"  # beside the physician's, the medical director's authorisation, with the authority's answer


class Occasion(Enum):
    """What somebody named is told of, each with its time."""

    SUPPLY = "supply out of specification"
    LATE_RESULT = "late adverse result"


@dataclass(frozen=True)
class Choice:
    """One way a decision can go: what must hold for it, who together may waive it, whether it ends the batch."""

    name: str
    needs: Formula | None = None
    ends: bool = False
    waived_by: tuple[Role, ...] = ()


@dataclass(frozen=True)
class Given:
    """A value that a lot's certificate gives; where ``must_be`` is set, a lot that gives another cannot be used."""

    type: Type
    must_be: str = ""


class Average(Enum):
    """What is made of several counts."""

    MEAN = "mean"
    MEDIAN = "median"


class Outliers(Enum):
    """What becomes of counts that lie too far apart. None is ever left out by the system."""

    KEPT = "kept"  # all count; the verdict on their CV says the rest
    MEASURED_AGAIN = "measured again"  # all are measured again, once


@dataclass(frozen=True)
class Repeats:
    """How often a value is measured, what is made of the counts, and how far they may lie apart."""

    times: int
    average: Average
    rounding: Rounding
    cv: Limits
    outliers: Outliers


@dataclass(frozen=True)
class Field:
    """One thing recorded in a step. ``name`` is what formulas call it; ``ask`` is what the person reads.

    What the other attributes mean hangs on ``kind``; those of other kinds are empty.
    """

    name: str
    ask: str
    kind: Kind
    unit: Unit | None = None
    limits: Limits = NO_LIMITS
    parameter_class: ParameterClass | None = None
    on_action: Consequence = Consequence.DEVIATION
    note: str = ""
    options: tuple[str, ...] = ()  # choice, result
    formula: Formula | None = None  # calculated
    rounding: Rounding | None = None  # calculated
    channel: str = ""  # reading: the instrument's channel
    instrument: str = ""  # reading: the class of equipment it comes from
    sample: str = ""  # reading, result: the sample field whose tube it was measured in
    fresh_for: Quantity | None = None  # reading: how old it may be when taken
    repeats: Repeats | None = None  # reading: measured several times
    material: str = ""  # lot: the material asked for
    gives: Mapping[str, Given] = field(default_factory=dict)  # lot: values its certificate gives
    equipment_class: str = ""  # equipment
    matches: str = ""  # identity: the value that the scan must equal
    method: str = ""  # result: the analytical method
    choices: tuple[Choice, ...] = ()  # decision
    lines: tuple[str, ...] = ()  # labels: what is printed on each
    carries: tuple[str, ...] = ()  # labels: the values that their symbol holds beside the identity
    labels: str = ""  # reconciliation: the labels that it accounts for

    @property
    def type(self) -> Type:
        """What formulas see: a number of some dimensions, a text, or the rule of a dose."""
        if self.kind is Kind.TIME:
            return (("time", 1),)
        if self.kind is Kind.DOSE:
            return "dose"
        return self.unit.dimensions if self.unit else "text"

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """What computes it, and what its choices need."""
        return tuple(filter(None, (self.formula, *(choice.needs for choice in self.choices))))

    @property
    def names_used(self) -> tuple[str, ...]:
        """The values that its number, its verdict, its choices or the lines of its labels name."""
        in_formulas = (name for formula in self.formulas for name in formula.names)
        in_lines = (name for line in self.lines for name in IN_BRACES.findall(line))
        return (*self.limits.names, *in_formulas, *in_lines, *self.carries)

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The values whose correction may change what was recorded here, or what it means."""
        return tuple(filter(None, (*self.names_used, self.matches, self.sample, self.labels)))


@dataclass(frozen=True)
class Edge:
    """Where clocks start and stop: the start or the end of a step, or the time that a value of it says."""

    step: str
    is_start: bool
    value: str = ""  # a recorded time: what it says counts, not when it was written down

    def __str__(self) -> str:
        return self.value or f"{'start' if self.is_start else 'end'} of {self.step}"


@dataclass(frozen=True)
class HoldTime:
    """A clock: from one edge to another takes at least, and at most, so long. A step of type ``wait`` makes one."""

    name: str
    start: Edge
    stop: Edge
    least: Quantity | None
    most: Quantity | None
    on_action: Consequence


@dataclass(frozen=True)
class Step:
    """One step: what to do, what is recorded, who does it and who checks it."""

    id: str
    title: str
    type: str
    instruction: str
    fields: tuple[Field, ...]
    performer: Role
    verifier: Role | None
    signed: bool
    when: Formula | None
    after: tuple[str, ...]
    stage: Stage
    note: str
    line: int
    milestones: tuple[Milestone, ...] = ()
    gate: Gate | None = None


@dataclass(frozen=True)
class Repeat:
    """An operation done again and again, until its decision says so, at most so often."""

    until: str  # the decision field
    choice: str  # what ends it
    at_most: int


@dataclass(frozen=True)
class Operation:
    """A group of steps in order; it may be repeated, and it may depend on facts."""

    id: str
    title: str
    steps: tuple[Step, ...]
    after: tuple[str, ...]
    when: Formula | None
    repeat: Repeat | None


@dataclass(frozen=True)
class Growth:
    """What is drawn as the culture's growth: all viable cells, their viability, and how many are aimed at."""

    cells: str
    viability: str
    target: str = ""


@dataclass(frozen=True)
class Notify:
    """Whom to tell of an occasion, within which time, and whether they must say that they know."""

    to: str
    of: Occasion
    within: Quantity
    acknowledged: bool


@dataclass(frozen=True)
class Recipe:
    """A master batch record. ``digest`` is SHA-256 of the text people sign, in hex."""

    code: str
    title: str
    product: str
    note: str
    facts: tuple[Field, ...]
    parameters: Mapping[str, Quantity]
    operations: tuple[Operation, ...]
    hold_times: tuple[HoldTime, ...]
    types: Mapping[str, Type]
    text: str
    digest: str
    figures: tuple[str, ...] = ()  # the values one asks for first
    growth: Growth | None = None
    day_zero: Edge | None = None  # from where days of culture count
    supply: SupplyPath | None = None
    notifications: tuple[Notify, ...] = ()

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        """Every step by its id, in the order written."""
        return {step.id: step for operation in self.operations for step in operation.steps}

    @cached_property
    def operations_by_id(self) -> Mapping[str, Operation]:
        """Every operation by its id."""
        return {operation.id: operation for operation in self.operations}

    @cached_property
    def operation_of(self) -> Mapping[str, Operation]:
        """The operation of each step."""
        return {step.id: operation for operation in self.operations for step in operation.steps}

    @cached_property
    def fields(self) -> Mapping[str, tuple[Step, Field]]:
        """Every field by its name, with its step."""
        return {field.name: (step, field) for step in self.steps.values() for field in step.fields}

    @cached_property
    def home(self) -> Mapping[str, str]:
        """The step that records each name, the values that lots give among them."""
        fields = ((step.id, field) for step in self.steps.values() for field in step.fields)
        return {name: step for step, field in fields for name in (field.name, *field.gives)}

    @cached_property
    def dependents(self) -> Mapping[str, frozenset[str]]:
        """The steps in which something rests on each name."""
        found: dict[str, set[str]] = {}
        for step in self.steps.values():
            for name in (name for each in step.fields for name in each.rests_on):
                found.setdefault(name, set()).add(step.id)
        return {name: frozenset(steps) for name, steps in found.items()}

    def all_fields(self) -> Iterator[Field]:
        """Every field, those of the order first."""
        yield from self.facts
        yield from (field for _, field in self.fields.values())
