"""The manufacturing execution system: who, when, stored, signed, shown. The application is made here, on one screen."""

from __future__ import annotations

from apiflask import APIFlask
from flask_wtf.csrf import CSRFProtect

from mes import log
from mes.access import views as access
from mes.alarms import views as alarms
from mes.api import views as api
from mes.api.models import FieldsOut, ProblemOut
from mes.api.strict import StrictJson
from mes.archive import views as archive
from mes.audit import views as audit
from mes.badges import views as badges
from mes.batches import views as batches
from mes.codes import views as codes
from mes.context import Installation
from mes.db import Database
from mes.doses import views as doses
from mes.equipment import views as equipment
from mes.factors import views as factors
from mes.gateways import views as gateways
from mes.labels import views as labels
from mes.machine import views as machine
from mes.masters import views as masters
from mes.materials import views as materials
from mes.patients import views as patients
from mes.people import views as people
from mes.quality import supply_views as supply
from mes.quality import views as quality
from mes.reports import views as reports
from mes.samples import views as samples
from mes.seals import views as seals
from mes.settings import Settings
from mes.sso import views as sso
from mes.training import views as training
from mes.trends import views as trends
from mes.web import errors, frame

_SUBJECTS = (
    *(people, batches, labels, quality, samples, materials, equipment, gateways, trends, alarms, masters, patients),
    *(doses, codes, supply, training, badges, access, factors, sso, audit, seals, reports, archive, machine, api),
)
csrf = CSRFProtect()


def create_app(settings: Settings | None = None) -> APIFlask:
    """Make the application of one installation; its database is already there (``./lab setup``)."""
    log.init()
    settings = settings or Settings.from_environment()
    app = APIFlask(
        __name__,
        title="Cell lab MES",
        version="1",
        docs_path=None,
        spec_path="/api/v1/openapi.json",
        static_folder="web/static",
        template_folder="web/templates",
    )
    app.extensions["mes"] = Installation(settings, Database(settings.database_url))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-mes" if settings.secure_cookies else "mes",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        MAX_CONTENT_LENGTH=8 * 1024 * 1024,
        HTTP_ERROR_SCHEMA=ProblemOut.model_json_schema(),
        VALIDATION_ERROR_SCHEMA=FieldsOut.model_json_schema(),
        AUTO_200_RESPONSE=False,  # the interface's document tells of the interface, not of pages
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form that waited out a lock keeps its values
    )
    app.json = StrictJson(app)
    app.security_schemes = {"token": {"type": "http", "scheme": "bearer"}}
    csrf.init_app(app)
    csrf.exempt(api.bp)  # no cookie counts there: a bearer token does
    for subject in _SUBJECTS:
        app.register_blueprint(subject.bp)
    frame.init_app(app)
    errors.init_app(app)
    return app
