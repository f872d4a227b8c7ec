"""Supply of a batch that is out of specification, at the physician's request (EU GMP Part IV, 11.5; US IND).

Rejection is what happens by default. This is the only other way, and no form of release: each record is signed by
who answers for it, on what the one before said, and until the last of them is there the answer is no.
"""

from __future__ import annotations

from collections.abc import Iterator

from batch_records.executed import supply_commands as s
from batch_records.executed import supply_entries as e
from batch_records.executed.batch import Batch, Disposition
from batch_records.executed.decide import decides
from batch_records.executed.decisions.steps import must_hold
from batch_records.executed.draft import Draft, Malformed, Refused
from batch_records.master.recipe import Occasion, Role, Stage, SupplyPath
from batch_records.release.assess import Assessed, assess, next_stage
from batch_records.release.criteria.specification_met import specification_met
from batch_records.release.criterion import CRITERIA
from batch_records.release.sign_off import must_be_another, must_sign_what_was_seen

SPECIFICATION = next(sentence for sentence, ask in CRITERIA.items() if ask is specification_met)
_LEAVES_FROM = (Disposition.IN_PROCESS, Disposition.CONDITIONALLY_RELEASED)


@decides(s.RequestSupply)
def request(draft: Draft, command: s.RequestSupply) -> None:
    """Ask for it: the hazard, the alternatives, the need, each in words, by the treating physician."""
    must_hold(draft, Role.PHYSICIAN)
    must_sign_what_was_seen(draft, command.seen)
    _must_have_a_way(draft.batch)
    if not findings(draft.batch):
        raise Refused("the batch is within its specification: it is released as any other")
    answers = {name: getattr(command, name).strip() for name in ("hazard", "alternatives", "need")}
    _must_say(answers, "say which hazard, which alternatives were considered, and why this product is needed")
    draft.write(e.SupplyRequested(**answers))


@decides(s.EvaluateRisk)
def evaluate(draft: Draft, command: s.EvaluateRisk) -> None:
    """Give the manufacturer's evaluation, to the physician who asked."""
    must_hold(draft, Role.REVIEWER)
    must_sign_what_was_seen(draft, command.seen)
    _must_have_a_way(draft.batch)
    asked = draft.batch.supply.request
    if not asked:
        raise Refused("no physician has asked for this product")
    if asked[0].author == draft.by.id:
        raise Refused(f"{draft.by.name} asked for it: another person evaluates the risk")
    _must_say({"evaluation": command.evaluation.strip()}, "say what the risk is")
    draft.write(e.RiskEvaluated(command.evaluation.strip(), findings(draft.batch)))


@decides(s.AcceptSupply)
def accept(draft: Draft, command: s.AcceptSupply) -> None:
    """Accept the product with its risk, as the physician who asked for it."""
    must_hold(draft, Role.PHYSICIAN)
    must_sign_what_was_seen(draft, command.seen)
    _must_have_a_way(draft.batch)
    supply = draft.batch.supply
    if not (supply.request and supply.evaluation):
        raise Refused("the physician accepts what the manufacturer has evaluated: there is no evaluation yet")
    if supply.request[0].author != draft.by.id:
        raise Refused(f"{supply.request[0].who} asked for it, and accepts it; another physician asks anew")
    _must_say({"told": command.told.strip()}, "say what the patient, or the parents, were told")
    draft.write(e.SupplyAccepted(command.told.strip()))


@decides(s.AuthoriseSupply)
def authorise(draft: Draft, command: s.AuthoriseSupply) -> None:
    """Authorise it under an IND, as the medical director: a physician who did not ask for it."""
    must_hold(draft, Role.PHYSICIAN)
    must_sign_what_was_seen(draft, command.seen)
    _must_have_a_way(draft.batch)
    supply = draft.batch.supply
    if draft.recipe.supply is not SupplyPath.IND:
        raise Refused(f"this recipe supplies by “{_way(draft.batch)}”, which asks for no such authorisation")
    if not (supply.request and supply.acceptance):
        raise Refused("the medical director authorises what the treating physician has accepted")
    if supply.request[0].author == draft.by.id:
        raise Refused(f"{draft.by.name} asked for it: another physician, the medical director, authorises it")
    answers = {name: getattr(command, name).strip() for name in ("reference", "answer", "consent")}
    _must_say(answers, "enter the IND's number, what the authority answered, and the version of the consent")
    draft.write(e.SupplyAuthorised(**answers))


@decides(s.ReleaseOutOfSpecification)
def release(draft: Draft, command: s.ReleaseOutOfSpecification) -> None:
    """Release it so, with every record there, and have the clocks of whom to tell run at once."""
    must_hold(draft, Role.RELEASER)
    must_sign_what_was_seen(draft, command.seen)
    must_be_another(draft, "released")
    batch = draft.batch
    if blocking := [*missing(batch), *blocks(batch)]:
        raise Refused("supply out of specification is blocked: " + "; ".join(blocking))
    if batch.supply.request and batch.supply.request[0].author == draft.by.id:
        raise Refused(f"{draft.by.name} asked for it: another person releases it")
    others, found = _assessed(batch), findings(batch)
    pending = tuple(finding.name for each in others for finding in each.pending)
    criteria = tuple(each.criterion for each in others)
    draft.write(e.BatchReleasedOutOfSpecification(_way(batch), found, pending, criteria))
    draft.notify(Occasion.SUPPLY, "; ".join(found))


@decides(s.ConcludeSupply)
def conclude(draft: Draft, command: s.ConcludeSupply) -> None:
    """Conclude the record, with every result in and everybody told."""
    must_hold(draft, Role.RELEASER)
    must_sign_what_was_seen(draft, command.seen)
    must_be_another(draft, "released")
    if draft.batch.disposition is not Disposition.RELEASED_OUT_OF_SPECIFICATION:
        raise Refused(f"the batch is {draft.batch.disposition.value}: there is no such supply to conclude")
    if blocking := [*untold(draft.batch), *blocks(draft.batch)]:
        raise Refused("the record cannot be concluded: " + "; ".join(blocking))
    draft.write(e.SupplyConcluded(tuple(each.criterion for each in _assessed(draft.batch))))


def findings(batch: Batch) -> tuple[str, ...]:
    """Say in what a batch is out of specification."""
    return tuple(each.sentence for each in specification_met(batch, Stage.FINAL))


def missing(batch: Batch) -> Iterator[str]:
    """Say which records of a supply out of specification are not there."""
    supply, found = batch.supply, findings(batch)
    if batch.recipe.supply is None:
        yield "the recipe knows no supply out of specification"
    if batch.disposition not in _LEAVES_FROM:
        yield f"the batch is {batch.disposition.value}"
    if not found:
        yield "the batch is within its specification"
    if not supply.request:
        yield "the treating physician has not asked for it"
    if not supply.evaluation:
        yield "the manufacturer has not evaluated the risk"
    elif supply.evaluation[1].findings != found:
        yield "the risk was evaluated for other findings than there are now: it is evaluated again"
    if not supply.acceptance:
        yield "the physician has not accepted it"
    if batch.recipe.supply is SupplyPath.IND and not supply.authorisation:
        yield "the medical director has not authorised it under an IND"


def blocks(batch: Batch) -> list[str]:
    """Say what else stands in the way: every criterion of release but the specification holds here too."""
    return [finding.sentence for each in _assessed(batch) for finding in each.blocks]


def untold(batch: Batch) -> list[str]:
    """Say who is still to be told, or has still to acknowledge it."""
    return [
        f"{number} to {each.entry.to} is not done" for number, each in batch.notifications.items() if not each.is_done
    ]


def _assessed(batch: Batch) -> list[Assessed]:
    return [each for each in assess(batch, next_stage(batch)) if each.criterion != SPECIFICATION]


def _must_have_a_way(batch: Batch) -> None:
    if batch.recipe.supply is None:
        raise Refused("this recipe knows no supply out of specification: the batch is rejected")
    if batch.disposition not in _LEAVES_FROM:
        raise Refused(f"the batch is {batch.disposition.value} already")


def _must_say(answers: dict[str, str], sentence: str) -> None:
    for name, text in answers.items():
        if not text:
            raise Malformed(name, sentence)


def _way(batch: Batch) -> str:
    return batch.recipe.supply.value if batch.recipe.supply else "nothing"
