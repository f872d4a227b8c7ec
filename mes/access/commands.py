"""What is done about access: its review."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from batch_records.executed.draft import Malformed, Refused
from batch_records.master.recipe import Role
from mes.access.models import AccessReview
from mes.access.rights import content, digest_of
from mes.execute import Doing, Outcome, handles


@dataclass(frozen=True)
class ReviewAccess:
    """Say what one concludes from the list of users, rights, badges and tokens; ``digest`` is of the list as shown."""

    digest: str
    conclusion: str


@handles(
    ReviewAccess,
    "reviewed who may do what",
    roles=(Role.REVIEWER.value,),
    books=lambda _: ("laboratory",),
    signature="reviewed",
)
def review_access(doing: Doing, command: ReviewAccess) -> Outcome:
    """Keep the list as it stands with the conclusion; the signature is on its digest."""
    found = content(doing.session, doing.act.at)
    if digest_of(found) != command.digest:
        raise Refused("accounts, rights or badges have changed since this list was shown: look at it again, then sign")
    if not command.conclusion.strip():
        raise Malformed("comment", "say what you conclude, and what is to be changed")
    number = (doing.session.execute(select(func.max(AccessReview.number))).scalar() or 0) + 1
    review = AccessReview(number=number, reviewed=doing.act.at, reviewed_by=doing.by.person.id)
    review.conclusion, review.content, review.digest = command.conclusion.strip(), found, command.digest
    doing.session.add(review)
    doing.act.write(review.book, "access reviewed", {"number": number, "digest": command.digest}, signed=doing.signed)
    return {"number": number}
