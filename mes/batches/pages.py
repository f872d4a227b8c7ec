"""The pages of a step, drawn again after a refusal with what was typed and the sentence beside its field."""

from __future__ import annotations

from dataclasses import replace

from flask import abort, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from batch_records.executed.batch import Batch
from batch_records.executed.draft import Malformed
from mes.batches import shown, step_page, stop_page
from mes.batches.queries import find
from mes.batches.step_page import Drafted
from mes.context import installation
from mes.people.queries import names
from mes.web import shapes
from mes.web.errors import not_signed, sentence_of, status_of
from mes.web.forms import Form


def show_step(
    batch: str,
    step: str,
    type_: str = "",
    correct: str = "",
    again: str = "",
    *,
    error: Exception | None = None,
    entered: Form | None = None,
) -> Response:
    """Draw a step."""
    with installation().reading() as session:
        found = find(session, batch)
        _must_have(found, step)
        if error is None and stop_page.open_stop(found, step):
            return show_stop(batch, step)
        drafted = _drafted(error, entered)
        page = step_page.step_page(
            session,
            found,
            step,
            names(),
            type_ or correct or again,
            correcting=bool(correct),
            counting=bool(again),
            drafted=drafted,
        )
    if page.signature and entered and error and entered.is_signed:
        signature = not_signed(page.signature, entered, error)
        at_field = any(each.error for each in page.step.fields)  # where the sentence stands already
        page = replace(page, signature=replace(signature, error="") if at_field else signature, error="")
    return make_response(render_template("step.html", **vars(page)), status_of(error))


def show_live(batch: str, step: str, field: str) -> str:
    """Draw what an instrument shows for one field."""
    with installation().reading() as session:
        found = find(session, batch)
        _must_have(found, step)
        if field not in found.recipe.fields:
            abort(404, f"There is no field {field}.")
        live = step_page.live_field(session, found, step, field)
    return render_template("live.html", batch=shown.head(found, {}), step=shapes.StepLink(step, ""), field=live)


def show_stop(batch: str, step: str, *, error: Exception | None = None, entered: Form | None = None) -> Response:
    """Draw the stop after a wrong identity scan, both codes side by side."""
    with installation().reading() as session:
        found = find(session, batch)
    open_stop = stop_page.open_stop(found, step)
    if open_stop is None:
        return redirect(url_for("batches.step", batch=batch, step=step))
    page = stop_page.stop_page(found, step, open_stop, names())
    if entered and error:
        page = replace(page, signature=not_signed(page.signature, entered, error))
    return make_response(render_template("stop.html", **vars(page)), status_of(error))


def must_have_step(batch: str, step: str) -> None:
    """Answer that there is no such page where a batch has no such step."""
    with installation().reading() as session:
        _must_have(find(session, batch), step)


def _must_have(batch: Batch, step: str) -> None:
    if not step_page.has_step(batch, step):
        abort(404, f"Batch {batch.id} has no step {step}.")


def _drafted(error: Exception | None, entered: Form | None) -> Drafted:
    if error is None or entered is None:
        return Drafted()
    wrong = error.field if isinstance(error, Malformed) else ""
    return Drafted(entered.typed(), entered.text("reason"), entered.text("why"), wrong, sentence_of(error))
