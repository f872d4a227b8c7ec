"""The pages of batches: the board, starting one, one batch, one step."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from batch_records.executed import commands as c
from batch_records.executed.draft import Malformed, Refused
from mes.batches import late, queries
from mes.batches.commands import IssueBatch, RecordFields
from mes.batches.late import RecordLate
from mes.batches.order_page import order_page
from mes.batches.pages import must_have_step, show_live, show_step, show_stop
from mes.batches.start_page import start_page
from mes.execute import execute
from mes.training.commands import OpenStep
from mes.training.queries import stays_closed
from mes.web import frame
from mes.web.errors import not_signed, sentence_of, status_of
from mes.web.forms import form

bp = Blueprint("batches", __name__, url_prefix="/batches", template_folder="templates")


@bp.get("/")
def board() -> str:
    """Show all batches, those that need somebody first."""
    return render_template("board.html", groups=queries.board(), may_start=queries.may_start(frame.actor().person))


@bp.get("/start")
def start() -> str:
    """Ask for which order a batch is started."""
    return render_template("start.html", **vars(start_page(request.args.get("coi", ""), {})))


@bp.post("/start")
def issue() -> Response | tuple[str, int]:
    """Issue a batch for an order."""
    entered = form()
    coi, facts = entered.text("coi"), entered.values()
    try:
        outcome = execute(IssueBatch(coi, facts), by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        page = start_page(coi, entered.typed(), getattr(error, "field", ""), sentence_of(error))
        return render_template("start.html", **vars(page)), status_of(error)
    return redirect(url_for("batches.batch", batch=outcome["batch"]))


@bp.get("/<batch>")
def batch(batch: str) -> str:
    """Show one batch: where it stands and what comes next."""
    return render_template("batch.html", **vars(queries.batch_page(batch, frame.actor().person)))


@bp.get("/<batch>/order")
def order(batch: str) -> str:
    """Show what the batch was issued with, and ask for a correction."""
    correct = request.args.get("correct", "")
    return render_template("order.html", **vars(order_page(batch, frame.actor().person, correct)))


@bp.post("/<batch>/order/<fact>")
def correct_fact(batch: str, fact: str) -> Response | tuple[str, int]:
    """Correct a fact of the order, with a signature."""
    entered = form()
    command = c.CorrectFact(batch, fact, entered.values().get(fact, ""), entered.text("comment"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        wrong = sentence_of(error) if getattr(error, "field", "") == fact else ""
        page = order_page(batch, frame.actor().person, fact, entered.typed(), wrong)
        page = page if wrong else replace(page, signature=not_signed(page.signature, entered, error))
        return render_template("order.html", **vars(page)), status_of(error)
    frame.say_saved()
    return redirect(url_for("batches.order", batch=batch))


@bp.get("/<batch>/growth")
def growth(batch: str) -> Response:
    """Answer with the points of the growth curve."""
    return jsonify(queries.growth(batch))


@bp.get("/<batch>/steps/<step>")
def step(batch: str, step: str) -> str | Response:
    """Show one step; a wrong identity scan that nobody answered comes before it."""
    if stays_closed(batch, frame.actor().person):
        execute(OpenStep(batch, step), by=frame.actor(), tap="")  # refused, and on record
    return show_step(batch, step, *(request.args.get(name, "") for name in ("type", "correct", "again")))


@bp.get("/<batch>/steps/<step>/live/<field>")
def live(batch: str, step: str, field: str) -> str:
    """Show what an instrument says now, for the page to refresh itself."""
    return show_live(batch, step, field)


@bp.post("/<batch>/steps/<step>/start")
def start_step(batch: str, step: str) -> Response:
    """Take up a step."""
    execute(c.StartStep(batch, step), by=frame.actor(), tap=form().tap)
    return _back(batch, step)


@bp.post("/<batch>/steps/<step>/values")
def record_values(batch: str, step: str) -> Response | tuple[str, int]:
    """Record what was entered, scanned or is to be computed in a step."""
    entered = form()
    command = RecordFields(batch, step, entered.values(), entered.reason())
    try:
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        return show_step(batch, step, entered.text("field"), error=error, entered=entered)
    return _back(batch, step)


@bp.post("/<batch>/steps/<step>/late")
def record_late(batch: str, step: str) -> Response:
    """Take what waited on the tablet for the connection; the tablet asks, and is told what became of it."""
    must_have_step(batch, step)
    entered, by = form(), frame.actor()
    told = (entered.text(name) for name in ("entered", "entered_by"))
    command = RecordLate(batch, step, entered.values(), entered.reason(), *told)
    if late.waits_for_another(command.entered_by, by):
        return jsonify(became="waits")
    try:
        execute(command, by=by, tap=entered.tap)
    except (Malformed, Refused) as error:
        late.report(command, error, by, entered.tap)
        return jsonify(became="reported")
    return jsonify(became="recorded")


@bp.post("/<batch>/steps/<step>/readings")
def take_reading(batch: str, step: str) -> Response | tuple[str, int]:
    """Take what an instrument shows."""
    entered = form()
    seen = entered.number_after("/", "reading")
    command = c.TakeReading(batch, step, entered.text("field"), reason=entered.reason(), seen=seen)
    try:
        execute(command, by=frame.actor(), tap=entered.tap)
    except Refused as error:
        return show_step(batch, step, error=error, entered=entered)
    return _back(batch, step)


@bp.post("/<batch>/steps/<step>/instrument")
def assign_instrument(batch: str, step: str) -> Response | tuple[str, int]:
    """Measure with another instrument of the same class from here on."""
    entered = form()
    command = c.AssignInstrument(batch, step, entered.text("equipment_class"), entered.text("code"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap)
    except Refused as error:
        return show_step(batch, step, error=error, entered=entered)
    return _back(batch, step)


@bp.post("/<batch>/steps/<step>/correction")
def correct_value(batch: str, step: str) -> Response | tuple[str, int]:
    """Correct a recorded value."""
    entered = form()
    name = entered.text("field")
    command = c.CorrectValue(batch, step, name, entered.values().get(name, ""), entered.reason())
    try:
        execute(command, by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        return show_step(batch, step, correct=name, error=error, entered=entered)
    return _back(batch, step)


@bp.post("/<batch>/steps/<step>/counts")
def count_again(batch: str, step: str) -> Response | tuple[str, int]:
    """Have a value that is measured several times counted anew."""
    entered = form()
    name = entered.text("field")
    try:
        execute(c.CountAgain(batch, step, name, entered.reason()), by=frame.actor(), tap=entered.tap)
    except (Malformed, Refused) as error:
        return show_step(batch, step, again=name, error=error, entered=entered)
    return _back(batch, step)


@bp.post("/<batch>/steps/<step>/decision")
def decide(batch: str, step: str) -> Response | tuple[str, int]:
    """Decide and sign."""
    entered = form()
    (field, choice), *_ = [*entered.values().items(), ("", "")]
    command = c.Decide(batch, step, field, choice, entered.text("comment"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        return show_step(batch, step, error=error, entered=entered)
    return _back(batch, step)


@bp.post("/<batch>/steps/<step>/complete")
def complete_step(batch: str, step: str) -> Response | tuple[str, int]:
    """Say that a step is done; where it is signed, with the signature."""
    entered = form()
    try:
        execute(c.CompleteStep(batch, step), by=frame.actor(), tap=entered.tap, signing=entered.signing_if_given)
    except Refused as error:
        return show_step(batch, step, error=error, entered=entered)
    return _back(batch, step)


@bp.post("/<batch>/steps/<step>/verification")
def verify_step(batch: str, step: str) -> Response | tuple[str, int]:
    """Verify a step, or send it back: another person, on the same screen."""
    entered = form()
    reason = entered.text("comment")
    verified = c.VerifyStep(batch, step, entered.text("seen"))
    command = c.SendBack(batch, step, reason) if entered.text("answer") == "send back" else verified
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except Refused as error:
        return show_step(batch, step, error=error, entered=entered)
    return _back(batch, step)


@bp.post("/<batch>/steps/<step>/stop/<number>")
def answer_stop(batch: str, step: str, number: str) -> Response | tuple[str, int]:
    """Answer a wrong identity scan: a second person says what happened."""
    entered = form()
    command = c.ExplainDeviation(batch, number, entered.text("comment"))
    try:
        execute(command, by=frame.actor(), tap=entered.tap, signing=entered.signing)
    except (Malformed, Refused) as error:
        return show_stop(batch, step, error=error, entered=entered)
    return _back(batch, step)


@bp.post("/<batch>/comments")
def comment(batch: str) -> Response:
    """Remark something on a batch or on a step of it."""
    entered = form()
    step = entered.text("step")
    execute(c.AddComment(batch, entered.text("text"), step), by=frame.actor(), tap=entered.tap)
    return _back(batch, step)


def _back(batch: str, step: str) -> Response:
    frame.say_saved()
    if step:
        return redirect(url_for("batches.step", batch=batch, step=step))
    return redirect(url_for("batches.batch", batch=batch))
