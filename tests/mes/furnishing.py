"""What is in the tests' laboratory: people, equipment, lots, recipes and orders, all entered through the door."""

from __future__ import annotations

from datetime import timedelta

from batch_records.master.load import shipped
from mes.equipment.commands import AddEquipment
from mes.masters.commands import ApproveRecipe, DraftRecipe
from mes.materials.commands import DisposeOfLot, ReceiveLot
from mes.patients.commands import PlaceOrder
from mes.people.commands import AddMachine, AddUser
from mes.site.commands import INSTALLER, OpenSite
from tests.cast import BOB, DORA, QUINN
from tests.mes.laboratory import (
    ADAM,
    CAST,
    CLOCK,
    COI,
    FIRST_PASSWORD,
    GATEWAY,
    OTHER_COI,
    START,
    SVEN,
    TOKENS,
    Laboratory,
)

MEDIUM, OLD_MEDIUM, NEW_MEDIUM, BUFFER = "CM-1", "CM-OLD", "CM-NEW", "WB-1"
COUNTER, INCUBATOR, OVERDUE = "CC-01", "INC-05", "CC-09"

# One step of every kind, short enough to be played in a blink.
SHORT = """\
recipe: A short one
code: short
product: Test cells
day zero: end of 1.1
growth: {cells: cells, viability: viability, target: planned}
figures: [viability, cells]
facts:
  weight: {ask: Body weight, unit: kg, plausible: 2 to 150 kg}
parameters:
  planned: {value: 1e8 cells}
out of specification: EU GMP Part IV 11.5
notifications:
  - {notify: Treating physician, of: late adverse result, within: 4 h, acknowledged: "yes"}
  - {notify: Sponsor, of: supply out of specification, within: 1 h}
hold times:
  - {hold time: Cells out of the incubator, from: end of 1.1, to: start of 1.8, at most: 4 h}
operations:
  - operation: 1 Work
    steps:
      - step: 1.1 Identify the bag
        do: Scan the code on the bag itself. Do not scan its papers.
        check:
          bag: {ask: Code on the bag, matches: coi}
        verified by: verifier
      - step: 1.2 Scan the equipment
        use:
          counter: {equipment: cell counter}
          incubator: {equipment: incubator}
      - step: 1.3 Sample
        sample:
          tube: {ask: Tube for the count}
      - step: 1.4 Count
        measure:
          viability:
            ask: Viability
            channel: viability
            unit: "%"
            plausible: 0 to 100 %
            limit: ">= 70 %"
            alert: ">= 80 %"
            class: IPC
        from: cell counter
        sample: tube
        fresh for: 60 min
      - step: 1.5 Volume
        record:
          volume: {ask: Volume of the culture, unit: mL, plausible: 1 to 1000 mL, limit: 10 to 100 mL, class: CPP}
          look: {ask: Appearance, one of: [clear, cloudy], limit: clear}
          remark: {ask: What was seen, kind: text}
        verified by: verifier
      - step: 1.6 Medium
        add:
          medium: {material: culture medium}
      - step: 1.7 Cells in all
        calculate:
          cells: {ask: Viable cells, formula: volume * 1e6 cells/mL * viability, unit: 10^6 cells, round: down to 0.1}
      - step: 1.8 Feed
        record:
          feed:
            ask: Medium added
            unit: mL
            plausible: 0 to 100 mL
            limit: within 10 % of volume
            on action: hold
            class: CPP
        signed: "yes"
        verified by: verifier
      - step: 1.9 Print the labels
        print:
          labels:
            ask: Labels for the bags
            lines: [FOR AUTOLOGOUS USE ONLY, "{coi}", "Volume {volume}"]
      - step: 1.10 Go on
        decide:
          harvest:
            ask: Harvest
            choices:
              harvest: {needs: "viability >= 70 %"}
              end the batch: {ends the batch: "yes"}
        performed by: quality reviewer
  - operation: 2 Results
    steps:
      - step: 2.1 Purity
        result:
          purity: {ask: Purity, unit: "%", plausible: 0 to 100 %, limit: ">= 90 %", class: CQA}
        sample: tube
        method: Flow cytometry
        performed by: analyst
        verified by: analyst
  - operation: 3 Results that come later
    after: ["1"]
    steps:
      - step: 3.1 Sterility
        result:
          sterility: {ask: Sterility, one of: [no growth, growth], limit: no growth, class: CQA, on action: hold}
        sample: tube
        method: Growth-based
        performed by: analyst
        verified by: analyst
        needed for: final release
"""


def furnish(laboratory: Laboratory) -> None:
    """Fill an empty database."""
    do = laboratory.do
    do(OpenSite("laboratory", ADAM.id, ADAM.name, FIRST_PASSWORD), INSTALLER.person)
    for person in CAST:
        if person is not ADAM:
            do(AddUser(person.id, person.name, tuple(sorted(person.roles)), FIRST_PASSWORD), ADAM)
    for person in CAST:
        laboratory.settle_in(person)
    for machine in (GATEWAY, CLOCK):
        do(AddMachine(machine.id, machine.name, *machine.roles, TOKENS[machine.id]), ADAM)
    _equip(laboratory)
    _stock(laboratory)
    whole = "cd7_car_t_autologous_pebl"
    for code, text in {whole: shipped()[whole], "short": SHORT}.items():
        do(DraftRecipe(code, text), SVEN)
        do(ApproveRecipe(code, 1), QUINN)
        laboratory.train(code)
    for coi in (COI, OTHER_COI):
        do(PlaceOrder(coi, "short", "synthetic"), DORA)


def _equip(laboratory: Laboratory) -> None:
    until = START + timedelta(days=180)
    for code, class_, exclusive in (
        (COUNTER, "cell counter", False),
        (INCUBATOR, "incubator", True),
        ("ROOM-1", "clean room", False),
    ):
        laboratory.do(AddEquipment(code, f"The {class_}", class_, until, exclusive), QUINN)
    laboratory.do(AddEquipment(OVERDUE, "An old counter", "cell counter", START - timedelta(days=1)), QUINN)


def _stock(laboratory: Laboratory) -> None:
    for number, material, days, status in (
        (MEDIUM, "culture medium", 90, "released"),
        (OLD_MEDIUM, "culture medium", -3, "released"),
        (NEW_MEDIUM, "culture medium", 90, "quarantine"),
        (BUFFER, "wash buffer", 90, "released"),
    ):
        laboratory.do(ReceiveLot(number, material, START + timedelta(days=days), {}), BOB)
        if status == "released":
            laboratory.do(DisposeOfLot(number, status, "certificate complies"), QUINN)
