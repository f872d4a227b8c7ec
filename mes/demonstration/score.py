"""The score of the demonstration: what people see, measure and do with the cells, step by step.

Numbers that a person would read off the culture come from the simulated instruments; what the recipe computes is read
off the record. Only what nobody computes or measures stands here. All of it is synthetic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

Values = Mapping[str, str]  # what is recorded so far, by name, as texts
Flow = Mapping[str, float]


@dataclass(frozen=True)
class Cue:
    """What happens to the cells before a step is recorded: an event of the culture, a count, time that passes."""

    event: str = ""
    volume: Callable[[Values], float] = lambda _: 0.0
    cells: Callable[[Values], float] = lambda _: 0.0
    count: str = ""  # the vessel whose sample is counted
    sample: str = ""  # the field with the tube that is counted
    flow: str = ""  # the vessel that the cytometer reads for this step's results
    hours: float = 0.0  # of process time that pass before the step is recorded
    before_completing: bool = False  # or, where the recipe lets it wait, before it is completed
    later_rounds_only: bool = False


def number(text: str) -> float:
    """Return the number of a recorded value in its written unit: ``12.5 mL`` is 12.5, ``30 10^6 cells`` is 30."""
    return float(text.split(" ", 1)[0])


def same(name: str) -> Callable[[Values], str]:
    """Return what copies the number of a recorded value."""
    return lambda values: values[name].split(" ", 1)[0]


@dataclass(frozen=True)
class Tube:
    """A tube whose code and time of analysis are known before: a counter's real file has it."""

    code: str
    analysed: datetime
    counter: str


# The samples of a real Vi-CELL BLU's export that stand for this culture, by the step that takes them (`--peers`).
PEERS_START = "2022-03-20T14:00"
PEERS = {
    "6.2": Tube("CLB001", datetime(2022, 3, 21, 16, 56, tzinfo=UTC), "VC-01"),
    "8.2:3": Tube("CLB007", datetime(2022, 3, 24, 15, 16, tzinfo=UTC), "VC-01"),
    "8.2:4": Tube("CLB009", datetime(2022, 3, 25, 11, 16, tzinfo=UTC), "VC-01"),
}
COUNTER = "CC-01"

FACTS = {
    "weight": "20",
    "protocol": "CD7-PEBL-01, version 3 (synthetic)",
    "consent": "version 2 (synthetic)",
    "cell_source": "the patient",
    "transplant_status": "no transplant",
}

CUES: dict[str, Cue] = {
    "3.1": Cue(event="collect", volume=lambda _: 120),
    "3.7": Cue(count="apheresis bag", sample="bag_sample"),
    "3.8": Cue(flow="apheresis bag"),
    "4.2": Cue(event="isolate", volume=lambda _: 60, hours=1.5),
    "4.4": Cue(count="pbmc", sample="pbmc_sample"),
    "4.6": Cue(flow="pbmc"),
    "5.4": Cue(
        event="activate",
        volume=lambda values: number(values["activation_volume"]),
        cells=lambda values: number(values["seed_volume"]) * _density(values["pbmc_density"]),
    ),
    "5.6": Cue(hours=24, before_completing=True),
    "6.3": Cue(count="activated", sample="activated_sample"),
    "6.8": Cue(event="transduce", volume=lambda values: number(values["vector_volume"])),
    "6.9": Cue(hours=22, before_completing=True),
    "7.4": Cue(count="transduced", sample="washed_sample"),
    "7.10": Cue(event="seed_bioreactor", volume=lambda values: number(values["bioreactor_volume"])),
    "8.1": Cue(hours=23, later_rounds_only=True),
    "8.3": Cue(count="bioreactor", sample="culture_sample"),
    "8.7": Cue(event="feed", volume=lambda values: number(values["feed_volume"])),
    "9.3": Cue(flow="bioreactor"),
    "10.2": Cue(flow="bioreactor"),
    "11.3": Cue(event="harvest", volume=lambda _: 20),
    "11.5": Cue(count="product", sample="product_sample"),
    "14.2": Cue(flow="product"),
    "15.1": Cue(hours=24 * 14),
}

TYPED: dict[str, str | Callable[[Values], str]] = {
    "cd7_on_blasts": "99.4",
    "infection_markers": "negative",
    "laip_panel": "TdT, cyCD3, CD34, CD1a, CD99 (synthetic)",
    "blood_blasts": "0.6",
    "blood_cd3": "740",
    "donation_number": "=A99992600012300",
    "bag_volume": "120",
    "bag_intact": "intact",
    "bag_appearance": "no clots and no haemolysis",
    "transport_lowest": "3.4",
    "transport_highest": "6.1",
    "pbmc_volume": "60",
    "seeded_volume": same("seed_volume"),
    "reagent_added": same("reagent_volume"),
    "activated_volume": same("activation_volume"),
    "vials_thawed": same("vector_vials"),
    "vector_added": same("vector_volume"),
    "washed_volume": lambda values: f"{number(values['activation_volume']) + number(values['vector_volume']):.1f}",
    "seeded_bioreactor": same("bioreactor_volume"),
    "feed_added": same("feed_volume"),
    "day5_events": "412000",
    "day5_blasts": "not detected",
    "bag_fill": same("dose_volume"),
    "bags_filled": "3",
    "bag_labels": "4",
    "freeze_end": "-92",
    "freeze_curve": "as programmed",
    "storage_position": "vapour tank 1, canister 4, position 12",
    "storage_temperature": "-168",
    "appearance": "cloudy and no clots",
    "final_cd7_negative": lambda values: values["flow cd7 negative"],
    "final_events": "655000",
    "final_blasts": "not detected",
    "endotoxin": "0.12",
    "mycoplasma": "not detected",
    "gram_stain": "no organisms",
    "identity_str": "match",
    "identity_car": "present",
    "sterility_to_date": "no growth",
    "sterility": "no growth",
    "vcn_bulk": "0.9",
    "rcl": "not detected",
    "clonotype": "at or below background",
}

FROM_FLOW = {  # field → what the cytometer calls it
    "bag_blasts": "blasts",
    "bag_cd3": "cd3",
    "pbmc_cd3": "cd3",
    "pbmc_blasts": "blasts",
    "day5_car": "car",
    "day5_cd7": "cd7",
    "day5_car_cd7": "car_cd7",
    "harvest_car": "car",
    "harvest_cd7": "cd7",
    "final_viability": "viability",
    "final_cd3": "cd3",
    "final_car": "car",
}

CHOICES = {
    "blood_gate": "proceed to collection",
    "bag_gate": "accept",
    "day5_gate": "go on",
    "harvest_decision": "harvest",
}

# The check of day 5 comes before this round of the daily control, though the board would list it after.
DAY_5 = ("8.1:5", ("9.1", "9.2", "9.3", "9.4", "9.5"))
METABOLITES = ("glucose", "lactate")

LOTS = {  # material → the lot in the demonstration's store
    "density_medium": "DGM-2601",
    "wash_buffer": "WB-2614",
    "medium_0": "CM-2609",
    "reagent": "AR-2603",
    "cytokine_0": "CY-2605",
    "vector": "LV-2602",
    "medium_2": "CM-2609",
    "cytokine_2": "CY-2605",
    "feed_medium": "CM-2609",
    "cryomedium": "CRY-2611",
}
EQUIPMENT = {
    "room": "ROOM-2",
    "cabinet": "BSC-21",
    "counter": "CC-01",
    "incubator": "INC-05",
    "bioreactor": "BR-01",
    "freezer": "CRF-02",
}

EXCLUSIVE = (EQUIPMENT["incubator"], EQUIPMENT["bioreactor"])


def _density(text: str) -> float:
    """Return cells/mL of a recorded density."""
    digits, _, unit = text.partition(" ")
    return float(digits) * (1e6 if unit.startswith("10^6") else 1)


BIOREACTOR = EQUIPMENT["bioreactor"]
ALARMS = {  # by the number of the limit: what is done about an alarm
    "A3": "Medium is exchanged with the next feed",
    "A4": "Stirrer checked; the culture has grown and breathes more",
}
