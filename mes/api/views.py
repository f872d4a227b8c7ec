"""The HTTP API, version 1: readings in, records out. A bearer token says which machine or person asks."""

from __future__ import annotations

from io import BytesIO

from apiflask import APIBlueprint
from flask import abort, g, render_template, request, send_file
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from batch_records.executed.commands import Person
from mes.api import queries
from mes.api.models import (
    BatchesOut,
    DocumentMade,
    GatewayIn,
    MachineIn,
    Noted,
    NoticesIn,
    ReadingsIn,
    RecordOut,
    SealedOut,
    SealIn,
    Stored,
    Ticked,
)
from mes.api.page import openapi_page
from mes.archive.copies import copy_of
from mes.audit.commands import NoteCopy
from mes.clock import Tick
from mes.equipment.historian import StoreReadings
from mes.execute import Actor, Outcome, execute
from mes.gateways.commands import GiveNotices, HearGateway, Notice
from mes.machine.commands import HearMachine
from mes.people.models import AUDITOR
from mes.people.queries import machine
from mes.reports.commands import CopyRecord, KeepRecord
from mes.reports.queries import asked
from mes.seals.commands import Seal
from mes.web.throttle import Throttle

_COMMON = {
    400: "This is no JSON, or says one thing twice.",
    401: "No token.",
    403: "The token is not for this.",
    413: "Larger than anything we take.",
    415: "Not sent as JSON.",
    429: "Too many wrong tokens from this address; Retry-After says how many seconds to wait.",
    503: "The database cannot be reached; Retry-After says when to try again.",
}
_SEND = _COMMON | {409: "Refused; the sentence says why."}
_READ = {code: _COMMON[code] for code in (401, 403, 429, 503)}
bp = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="Records and readings")


_GUESSES = Throttle(most=20, window=60)


@bp.before_request
def _who() -> None:
    """Let in who shows a token. Whoever has the right one is never kept out by another's guesses."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    g.machine = machine(token) if scheme == "Bearer" and token else None
    if g.machine is None and not (g.session and request.method == "GET"):
        if token and (wait := _GUESSES.failed(request.remote_addr or "")):
            raise TooManyRequests("Too many wrong tokens from this address.", retry_after=wait)
        abort(401, "Send the token of a machine: Authorization: Bearer …")
    has_body = request.content_length or "Transfer-Encoding" in request.headers
    if has_body and not request.is_json:
        abort(415, "Send JSON, and say so: Content-Type: application/json")
    if request.method == "GET" and g.machine and AUDITOR not in g.machine.roles:
        abort(403, "This token is for deliveries: records are read with an auditor's.")


def _actor() -> Actor:
    person: Person = g.machine or g.session.person
    return Actor(person, request.remote_addr or "", person.id)


@bp.get("/")
@bp.doc(hide=True)
def page() -> str:
    """Show this interface to people."""
    return render_template("openapi.html", **vars(openapi_page()))


@bp.post("/readings")
@bp.input(ReadingsIn)
@bp.output(Stored, description="Every reading of the request is on disk.")
@bp.doc(summary="Deliver readings", responses=_SEND | {409: "A reading is stored with other bytes."}, security="token")
def store_readings(json_data: ReadingsIn) -> Outcome:
    """Store readings under (instrument, sequence), each once, however often it is delivered."""
    readings = tuple(each.reading() for each in json_data.readings)
    return execute(StoreReadings(json_data.gateway, readings), by=_actor(), tap="")


@bp.post("/gateways")
@bp.input(GatewayIn)
@bp.output({}, status_code=204)
@bp.doc(summary="Tell how a gateway is", responses=_SEND, security="token")
def hear_gateway(json_data: GatewayIn) -> tuple[str, int]:
    """Keep what a gateway tells of itself and its instruments, for the page of gateways. It tells every few seconds."""
    told = json_data.model_dump(mode="json", exclude={"gateway"})
    execute(HearGateway(json_data.gateway, told), by=_actor(), tap="")
    return "", 204


@bp.post("/notices")
@bp.input(NoticesIn)
@bp.output(Noted, description="Every notice of the request is on disk.")
@bp.doc(summary="Tell of gaps and notices", responses=_SEND, security="token")
def give_notices(json_data: NoticesIn) -> Outcome:
    """Write each into its instrument's book, and into the record of each batch that used it then; each once."""
    told = json_data.notices
    notices = tuple(Notice(n.instrument, n.number, n.at, n.kind == "gap", n.since, n.until, n.text) for n in told)
    return execute(GiveNotices(json_data.gateway, notices), by=_actor(), tap="")


@bp.post("/ticks")
@bp.output(Ticked)
@bp.doc(summary="Tick", responses=_SEND, security="token")
def tick() -> dict[str, object]:
    """Do what is due by itself: declare hold times, raise alarms, seal readings. The clock process calls this."""
    outcome = execute(Tick(), by=_actor(), tap="")
    return {**outcome, "documents": [vars(each) for each in asked()]}


@bp.post("/seals")
@bp.input(SealIn, location="query")
@bp.output(SealedOut)
@bp.doc(summary="Seal the ledger", responses=_SEND, security="token")
def seal(query_data: SealIn) -> Outcome:
    """Seal the lines that wait long enough, and tell the witnesses. The clock process calls this."""
    return execute(Seal(query_data.all), by=_actor(), tap="")


@bp.post("/machine")
@bp.input(MachineIn)
@bp.output({}, status_code=204)
@bp.doc(summary="Tell how the machine is", responses=_SEND, security="token")
def hear_machine(json_data: MachineIn) -> tuple[str, int]:
    """Keep how the server's clock and disks are; what changed is written. The clock process tells every ten seconds."""
    execute(HearMachine(json_data.model_dump(mode="json")), by=_actor(), tap="")
    return "", 204


@bp.post("/documents/<id>")
@bp.input(DocumentMade)
@bp.output({}, status_code=204)
@bp.doc(summary="Keep a document", responses=_SEND | {409: "No such document is being made."}, security="token")
def keep_document(id: str, json_data: DocumentMade) -> tuple[str, int]:  # noqa: A002 - the path's word
    """Keep the digest of a document that the renderer made."""
    execute(KeepRecord(id=id, **json_data.model_dump()), by=_actor(), tap="")
    return "", 204


@bp.get("/batches")
@bp.output(BatchesOut)
@bp.doc(summary="List batches", responses=_READ, security="token")
def batches() -> BatchesOut:
    """Return every batch, the newest first."""
    return BatchesOut(batches=queries.batches())


@bp.get("/batches/<batch>")
@bp.output(RecordOut)
@bp.doc(summary="Get a batch record", responses=_READ | {404: "No such batch."}, security="token")
def record(batch: str) -> RecordOut:
    """Return a batch's whole record: every line with its hash, and the recipe's text. That it was taken is a line."""
    found = queries.record(batch)
    execute(NoteCopy(f"record of {batch} by the interface", (("head", found.head),)), by=_actor(), tap="")
    return found


@bp.get("/batches/<batch>/copies/<any(pdf, json, csv):form>")
@bp.doc(summary="Copy a record out", responses=_READ | {200: "The file.", 404: "Not in this form."}, security="token")
def copy(batch: str, form: str) -> Response:
    """Return all of a record: the PDF that was made last, JSON, or tables. Who took which stands in the ledger."""
    made = copy_of(batch, form)
    execute(CopyRecord(batch, made.form, made.digest), by=_actor(), tap="")
    return send_file(BytesIO(made.content), mimetype=made.mime, as_attachment=True, download_name=made.name)
