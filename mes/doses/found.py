"""What was found at each level of a dose plan, and what the design advises: pure, from the plan and the outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batch_records.master.dose_plan import DosePlan, Level
from batch_records.values.boin import table
from batch_records.values.proportion import interval

NOT_YET = "not yet known"


@dataclass(frozen=True)
class Patient:
    """One patient at a level: the rule of the dose, and what was seen as the plan counts it."""

    coi: str
    level: str
    dose: str
    toxicity: str = NOT_YET
    response: str = NOT_YET


@dataclass(frozen=True)
class LevelFound:
    """One level: who was treated, what was seen, and the advice in words with its tone."""

    name: str
    dose: str
    ordered: int
    treated: int
    toxic: int
    awaited: int
    evaluated: int
    responses: int
    rate: str
    interval: str
    advice: str
    tone: str
    is_wanted: bool

    @property
    def is_closed(self) -> bool:
        """Whether the design closes the level, and with it those above."""
        return "close" in self.advice


@dataclass(frozen=True)
class _Counted:
    """The patients of one level, counted; those whose result is not yet known are in neither rate."""

    level: Level
    ordered: int
    treated: int
    toxic: int
    evaluated: int
    responses: int


def found(plan: DosePlan, patients: Sequence[Patient]) -> tuple[LevelFound, ...]:
    """Return what was found at each level, the lowest first."""
    counted = [_count(level, patients) for level in plan.levels]
    said = {each.level.name: _decision(plan, each) for each in counted}
    return tuple(_found(plan, each, place, counted, said) for place, each in enumerate(counted))


def others(plan: DosePlan, patients: Sequence[Patient]) -> tuple[Patient, ...]:
    """Return the patients whose dose is of no level of this edition: they are counted at none."""
    doses = {level.rule.text for level in plan.levels}
    return tuple(patient for patient in patients if patient.dose not in doses)


def lowest_wanted(levels: Sequence[LevelFound]) -> str:
    """Say at which level, the lowest, the rate of response seen is what the plan wants; empty where at none."""
    level = next((level for level in levels if level.is_wanted and not level.is_closed), None)
    return f"level {level.name}, with {level.rate} ({level.interval})" if level else ""


def _count(level: Level, patients: Sequence[Patient]) -> _Counted:
    here = [patient for patient in patients if patient.dose == level.rule.text]
    known = [patient.toxicity for patient in here if patient.toxicity != NOT_YET]
    answered = [patient.response for patient in here if patient.response != NOT_YET]
    toxic = known.count("dose-limiting")
    return _Counted(level, len(here), len(known), toxic, len(answered), answered.count("response"))


def _decision(plan: DosePlan, each: _Counted) -> str:
    if not each.treated:
        return ""
    return table(plan.toxicity.rate.base, each.treated)[-1].advice(each.toxic)


def _found(
    plan: DosePlan, each: _Counted, place: int, counted: Sequence[_Counted], said: Mapping[str, str]
) -> LevelFound:
    names = [other.level.name for other in counted]
    closed_below = next((name for name in names[:place] if "close" in said[name]), "")
    advice, tone = _in_words(plan, said, names, place, closed_below)
    seen = each.responses / each.evaluated if each.evaluated else 0.0
    return LevelFound(
        name=each.level.name,
        dose=each.level.rule.words,
        ordered=each.ordered,
        treated=each.treated,
        toxic=each.toxic,
        awaited=each.ordered - each.treated,
        evaluated=each.evaluated,
        responses=each.responses,
        rate=f"{each.responses} of {each.evaluated}, {100 * seen:.0f} %" if each.evaluated else "",
        interval=_interval(each.responses, each.evaluated),
        advice=advice,
        tone=tone,
        is_wanted=bool(each.evaluated) and seen >= plan.response.rate.base,
    )


def _in_words(
    plan: DosePlan, said: Mapping[str, str], names: Sequence[str], place: int, closed_below: str
) -> tuple[str, str]:
    """Return the advice of the design for the next patient, as a sentence, with its tone."""
    decision = said[names[place]]
    if closed_below:
        return f"closed, with level {closed_below}", "action"
    if not decision:
        return "nobody's toxicity is known yet", "none"
    lower = f"de-escalate to level {names[place - 1]}" if place else f"de-escalate. {plan.deescalation}"
    if decision.startswith("lower"):
        return (f"{lower}; close this level" if "close" in decision else lower), "action"
    if decision == "keep":
        return "stay at this level", "half"
    if place + 1 == len(names):
        return "stay: there is no higher level", "half"
    if "close" in said[names[place + 1]]:
        return f"stay: level {names[place + 1]} is closed", "half"
    return f"escalate to level {names[place + 1]}", "ok"


def _interval(seen: int, of: int) -> str:
    if not of:
        return ""
    bounds = interval(seen, of)
    return f"95 % interval {100 * bounds.low:.0f} to {100 * bounds.high:.0f} %"
