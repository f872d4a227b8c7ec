"""Recipes: loaded as drafts with every mistake told, approved by another person, succeeded, never changed."""

from __future__ import annotations

import pytest

from batch_records.master.load import shipped
from mes.masters.models import RecipeEdition
from tests.batch_records.playing import RUTH
from tests.cast import ALICE, LENA, QUINN
from tests.mes.furnishing import SHORT
from tests.mes.laboratory import ADAM, COI, OTHER_COI, PASSWORD, SVEN, Laboratory
from tests.mes.played import Played
from tests.mes.tablet import Answer, Tablet


def load(tablet: Tablet, text: str | bytes, name: str = "short.yaml") -> Answer:
    form = tablet.open("/recipes/").form("/recipes/")
    return tablet.upload(form, file=(name, text if isinstance(text, bytes) else text.encode()))


def sign(tablet: Tablet, edition: int, user: str) -> Answer:
    return tablet.press(f"/recipes/short/{edition}", "/approval", user=user, password=PASSWORD)


@pytest.mark.requirement("RQ-029")
@pytest.mark.requirement("RQ-039")
def test_a_new_edition_is_loaded_and_approved_by_another(lab: Laboratory) -> None:
    """Sven loads a file; Quinn reads it line by line and signs; the edition before is retired."""
    answer = load(lab.tablet(SVEN), SHORT + "# clearer\n")
    assert answer.path == "/recipes/short/2"
    assert answer.page.form("/approval") is None
    assert "# clearer" in answer.page.text
    sign(lab.tablet(QUINN), 2, "quinn")
    assert [lab.row(RecipeEdition, ("short", edition)).status for edition in (1, 2)] == ["retired", "approved"]


def test_batches_keep_their_edition(lab: Laboratory) -> None:
    """What was issued by the first edition ends by it; the next batch is issued by the second."""
    batch = Played(lab).start(COI)
    load(lab.tablet(SVEN), SHORT.replace("10 to 100 mL", "20 to 90 mL"))
    sign(lab.tablet(QUINN), 2, "quinn")
    other = Played(lab).start(OTHER_COI)
    assert [each.batch.issue.edition for each in (batch, other)] == ["1", "2"]
    batch.finish("1.5").enter("1.5", volume="15 mL")
    assert not batch.batch.deviations
    assert lab.verify().holds


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "recipe"),
        ("recipe: [", "line"),
        (SHORT.replace("unit: mL", "unit: mLs", 1), "mLs"),
        (SHORT.replace('after: ["1"]', 'after: ["9"]'), "9"),
        (SHORT.replace("matches: coi", "matches: nothing"), "nothing"),
        ("!!python/object/apply:os.system ['echo x']", "line"),
        ("a: &a [*a]", "line"),
    ],
)
def test_every_mistake_is_told_with_its_line(lab: Laboratory, text: str, sentence: str) -> None:
    """A recipe that cannot be used is not kept, and its author is told where and what."""
    answer = load(lab.tablet(SVEN), text)
    assert answer.status == 400
    assert "The file cannot be used" in answer.page.text
    assert sentence in answer.page.text
    assert lab.count("recipe_edition") == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("short.yaml", b"\xff\xfe\x00"),
        ("other.yaml", SHORT.encode()),
        ("../../etc/passwd", SHORT.encode()),
        ("short.yaml", b"a: " + b"[" * 50_000),
        ("short.yaml", b"x" * 9_000_000),
        ("x" * 300 + ".yaml", SHORT.encode()),
    ],
    ids=["no text", "another name", "a path", "deep", "large", "long name"],
)
def test_a_file_that_is_no_recipe_is_given_back(lab: Laboratory, name: str, content: bytes) -> None:
    """Wrong bytes, a wrong name, a bomb: a sentence, and nothing kept."""
    answer = load(lab.tablet(SVEN), content, name)
    assert answer.status in (400, 409, 413)
    assert answer.error
    assert lab.count("recipe_edition") == 2


def test_no_file_is_said(lab: Laboratory) -> None:
    """The button without a file."""
    tablet = lab.tablet(SVEN)
    answer = tablet.send(tablet.open("/recipes/").form("/recipes/"))
    assert answer.status == 400
    assert "hoose a file" in answer.page.text


def test_who_loaded_it_does_not_approve_it(lab: Laboratory) -> None:
    """Quinn's own draft waits for another person of quality."""
    load(lab.tablet(QUINN), SHORT + "# mine\n")
    shown = lab.tablet(QUINN).open("/recipes/short/2")
    assert "Who wrote a recipe does not approve it" in shown.page.text
    assert shown.page.form("/approval") is None
    assert sign(lab.tablet(RUTH), 2, "ruth").status == 200


def test_a_draft_is_approved_once(lab: Laboratory) -> None:
    """From a page that was still open: refused."""
    load(lab.tablet(SVEN), SHORT + "# twice\n")
    tablet = lab.tablet(QUINN)
    form = tablet.open("/recipes/short/2").form("/approval")
    tablet.send(form, user="quinn", password=PASSWORD)
    answer = tablet.send(form, user="quinn", password=PASSWORD, tap="")
    assert answer.status == 409
    assert "has no draft 2" in answer.error


@pytest.mark.parametrize("person", [ALICE, LENA, ADAM])
def test_who_may_not_sees_no_button(lab: Laboratory, person: object) -> None:
    """An operator and an analyst draft nothing, and whoever administers decides over no recipe."""
    load(lab.tablet(SVEN), SHORT + "# look\n")
    tablet = lab.tablet(person)
    assert tablet.open("/recipes/short/2").page.form("/approval") is None
    assert tablet.open("/recipes/").page.form("/recipes/") is None


def test_every_shipped_recipe_can_be_read_on_its_page(lab: Laboratory) -> None:
    """Title, figures, every line of the text; the digest of what was approved."""
    tablet = lab.tablet(QUINN)
    for code, text in shipped().items():
        if code != "cd7_car_t_autologous_pebl":  # the one that stands in the laboratory of the tests already
            load(lab.tablet(SVEN), text, f"{code}.yaml")
        page = tablet.open(f"/recipes/{code}/1").page.text
        assert lab.row(RecipeEdition, (code, 1)).digest[:8] in page
        assert text.splitlines()[0] in page
    assert tablet.open("/recipes/short/99").status == 404
    assert tablet.open("/recipes/none/1").status == 404
    assert tablet.open(f"/recipes/short/{10**30}").status == 404
