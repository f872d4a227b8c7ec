"""The order of steps: what waits for what, whatever is left out, skipped or repeated."""

from __future__ import annotations

import pytest

from batch_records.executed import commands as c
from batch_records.executed.draft import Refused
from batch_records.executed.progress import Standing
from tests.batch_records.child import child
from tests.batch_records.playing import B, Play, kinds
from tests.batch_records.writing import larger, small
from tests.cast import ALICE, BOB

LOOK = "- step: 1.{0} Look {0}\n  do: Look\n"
THREE = LOOK.format(1) + LOOK.format(2) + LOOK.format(3)


def standings(play: Play) -> dict[str, str]:
    """Return where each step stands."""
    progress = play.progress
    return {key: progress.standing(key).value for key in list(progress.keys())}


@pytest.mark.requirement("RQ-008")
def test_a_step_waits_for_the_one_above() -> None:
    """The second step cannot start before the first is done, and the sentence names it."""
    play = Play(small(THREE)).start()
    with pytest.raises(Refused, match=r"step 1.2 cannot start: step 1.1 “Look 1” is not finished"):
        play.do(c.StartStep(B, "1.2"))
    play.complete("1.1")
    assert kinds(play.complete("1.2")) == ["step started", "step completed"]


@pytest.mark.parametrize("command", [c.StartStep(B, "1.3"), c.CompleteStep(B, "1.3"), c.RecordValues(B, "1.3", {})])
def test_no_command_gets_round_the_order(command: c.StepCommand) -> None:
    """Starting, completing and recording wait alike."""
    play = Play(small(THREE)).start().step("1.1")
    with pytest.raises(Refused, match=r"step 1.2 “Look 2” is not finished"):
        play.do(command)


def test_a_step_that_must_be_verified_is_not_finished_before() -> None:
    """What nobody checked holds up what comes after."""
    verified = "- step: 1.1 Look\n  do: Look\n  verified by: verifier\n" + LOOK.format(2)
    play = Play(small(verified)).start()
    play.complete("1.1")
    assert standings(play) == {"1.1": "to be verified", "1.2": "waiting"}
    play.verify("1.1")
    assert standings(play) == {"1.1": "done", "1.2": "ready"}


def test_steps_that_wait_for_nothing_are_done_in_any_order() -> None:
    """Results come as they come."""
    play = Play(small(THREE.replace("  do:", "  after: []\n  do:"))).start()
    assert set(standings(play).values()) == {"ready"}
    play.complete("1.3")


def test_a_step_is_started_once() -> None:
    """Two tablets on one step: the second is told who was there."""
    play = Play(small(THREE)).start()
    play.do(c.StartStep(B, "1.1"), ALICE)
    with pytest.raises(Refused, match=r"step 1.1 was started by Alice Operator already"):
        play.do(c.StartStep(B, "1.1"), BOB)


def test_a_step_is_completed_once() -> None:
    """The second is told by whom."""
    play = Play(small(THREE)).start()
    play.complete("1.1")
    with pytest.raises(Refused, match=r"step 1.1 was completed by Alice Operator"):
        play.complete("1.1", BOB)


@pytest.mark.parametrize(
    "key", ["1.9", "2.1", "1.1:2", "1.1:0", "1.1:²", "1.1:-1", ":", "", "1.1:2:3", "1.1:99999999999"]
)
def test_what_names_no_step_is_refused(key: str) -> None:
    """A step that is not there, a round that has not begun, a key that was made up."""
    play = Play(small(THREE)).start()
    with pytest.raises(Refused, match="this batch has no step"):
        play.do(c.StartStep(B, key), ALICE)


CONDITIONAL = """
- step: 1.1 Volume
  record: {volume: {unit: mL}}
- step: 1.2 Feed
  when: volume < 10 mL
  record: {fed: {unit: mL}}
- step: 1.3 Look
  do: Look
"""


@pytest.mark.parametrize(("volume", "then"), [("5", "ready"), ("50", "not applicable")])
def test_a_step_is_done_when_its_condition_holds(volume: str, then: str) -> None:
    """What does not apply is left out, and what comes after goes on."""
    play = Play(small(CONDITIONAL), answers={"volume": volume}).start().step("1.1")
    assert standings(play)["1.2"] == then
    if then == "not applicable":
        with pytest.raises(Refused, match=r"step 1.2 does not apply to this batch"):
            play.enter("1.2", fed="1")
        play.complete("1.3")


def test_a_condition_that_cannot_be_known_yet_waits() -> None:
    """Before the volume is recorded nobody can say whether to feed."""
    assert standings(Play(small(CONDITIONAL)).start())["1.2"] == "waiting"


def test_a_condition_that_gives_no_number_waits_and_says_so() -> None:
    """A division by what was counted as nothing blocks one step, not the whole record."""
    play = Play(small(CONDITIONAL.replace("volume < 10 mL", "1 mL / volume > 1"))).start()
    play.enter("1.1", volume="0")
    play.complete("1.1")
    with pytest.raises(Refused, match="not recorded yet, or gives no number"):
        play.enter("1.2", fed="1")


def test_leaving_out_a_step_does_not_let_the_next_come_first() -> None:
    """The volume decides at once that nothing is fed, and still step 1.3 waits until step 1.1 is completed."""
    play = Play(small(CONDITIONAL)).start()
    play.enter("1.1", volume="50")
    with pytest.raises(Refused, match=r"step 1.1 “Volume” is not finished"):
        play.complete("1.3")


def test_leaving_out_many_steps_does_not_either() -> None:
    """However long the chain of what does not apply, what stands before it counts."""
    chain = "".join(f'- step: 1.{n} Skip\n  when: batch = "other"\n  do: Skip\n' for n in range(2, 300))
    play = Play(small(f"{LOOK.format(1)}{chain}{LOOK.format(300)}")).start()
    assert standings(play)["1.300"] == "waiting"
    assert play.progress.waits_for("1.300") == ["step 1.1 “Look 1” is not finished"]
    play.complete("1.1")
    assert standings(play)["1.300"] == "ready"


def operation(number: int, steps: str = "", **keys: str) -> str:
    """Return an operation of one step."""
    said = "".join(f"  {key}: {value}\n" for key, value in keys.items())
    steps = steps or f"  - step: {number}.1 Look\n    do: Look\n"
    return f"- operation: {number} Part\n{said}  steps:\n{steps}"


def test_an_operation_waits_for_the_one_above() -> None:
    """Its first step names the operation that is not finished."""
    play = Play(larger(operation(1) + operation(2))).start()
    with pytest.raises(Refused, match="operation 1 “Part” is not finished"):
        play.complete("2.1")


def test_leaving_out_an_operation_does_not_let_the_next_come_first() -> None:
    """A patient who was never transplanted skips operation 2, and operation 3 still waits for operation 1."""
    play = Play(larger(operation(1) + operation(2, when='batch = "other"') + operation(3))).start()
    assert standings(play) == {"1.1": "ready", "2.1": "not applicable", "3.1": "waiting"}
    play.complete("1.1")
    assert standings(play)["3.1"] == "ready"


def test_an_operation_whose_steps_are_all_left_out_lets_nothing_come_first_either() -> None:
    """The same, where each step has its condition instead of the operation."""
    skipped = '  - step: 2.1 Skip\n    when: batch = "other"\n    do: Skip\n'
    play = Play(larger(operation(1) + operation(2, skipped) + operation(3))).start()
    assert standings(play)["3.1"] == "waiting"


def test_the_first_step_left_out_does_not_open_its_operation() -> None:
    """Operation 2 waits for operation 1 with its second step too."""
    steps = '  - step: 2.1 Skip\n    when: batch = "other"\n    do: Skip\n  - step: 2.2 Look\n    do: Look\n'
    play = Play(larger(operation(1) + operation(2, steps))).start()
    assert standings(play)["2.2"] == "waiting"


def test_a_step_may_wait_for_one_of_another_operation() -> None:
    """A dose waits for the phenotype, not for every other result."""
    late = "  - step: 3.1 Dose\n    after: [2.1]\n    do: Look\n"
    two = "  - step: 2.1 A\n    do: Look\n  - step: 2.2 B\n    do: Look\n"
    play = Play(larger(operation(1) + operation(2, two) + operation(3, late, after="[1]"))).start()
    play.complete("1.1")
    assert standings(play)["3.1"] == "waiting"
    play.complete("2.1")
    assert standings(play)["3.1"] == "ready"


def test_a_step_of_another_operation_that_is_left_out_lets_nothing_come_first() -> None:
    """The phenotype is not asked for, and the dose still waits for what the phenotype would have waited for."""
    late = "  - step: 3.1 Dose\n    after: [2.1]\n    do: Look\n"
    skipped = '  - step: 2.1 A\n    when: batch = "other"\n    do: Look\n  - step: 2.2 B\n    do: Look\n'
    play = Play(larger(operation(1) + operation(2, skipped) + operation(3, late, after="[]"))).start()
    assert standings(play)["3.1"] == "waiting"
    play.complete("1.1")
    assert standings(play)["3.1"] == "ready"


def test_operations_side_by_side_go_on_independently() -> None:
    """The check of day 5 does not wait for the daily controls."""
    parallel = operation(1) + operation(2, after="[1]") + operation(3, after="[1]") + operation(4, after="[2, 3]")
    play = Play(larger(parallel)).start().step("1.1").step("3.1")
    assert standings(play) == {"1.1": "done", "2.1": "ready", "3.1": "done", "4.1": "waiting"}


def test_the_shipped_recipe_decides_on_harvest_only_after_the_count_is_completed() -> None:
    """No feed is needed, and still the decision of the day waits for the day's calculation to be signed off."""
    play = child(culture_density="1.0e6 cells/mL").finish("8.5")
    play.do(c.Calculate(B, "8.5"))
    assert play.value("8.5", "feed_volume") == "0 mL"
    with pytest.raises(Refused, match=r"step 8.5 “Growth and feed” is not finished"):
        play.choose("8.8", "culture_decision", "continue the culture")


def test_every_step_of_the_shipped_recipe_waits_for_its_turn() -> None:
    """From the start to the end no step is ready before those that the recipe puts before it are over."""
    play = child()
    while key := play.next():
        progress = play.progress
        for other in list(progress.keys()):
            if progress.standing(other) is Standing.READY:
                assert progress.waits_for(other) == []
            elif progress.standing(other) is Standing.WAITING:
                assert progress.waits_for(other)
        play.step(key)
    assert set(standings(play).values()) <= {"done", "not applicable"}
