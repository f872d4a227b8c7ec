"""One child's batch by the shipped recipe, with numbers that fit together: 20 kg, and each count grown from the last.

Where the process reference works an example, these are its numbers.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from tests.batch_records.playing import Play
from tests.batch_records.writing import cd7

ORDER = {
    "weight": "20",
    "weight_measured": "2026-03-01T08:00+00:00",
    "assigned_dose": "1e6 cells/kg within 30 %",
    "protocol": "CD7-01, version 3",
    "consent": "version 2",
    "cell_source": "the patient",
    "transplant_status": "no transplant",
}
COUNTS = {
    "cd7_on_blasts": "99.2",
    "blood_blasts": "0.4",
    "blood_cd3": "800",
    "bag_volume": "100",
    "bag_density": "4.4e7 cells/mL",
    "bag_viability": "97.1 %",
    "bag_blasts": "0.3",
    "bag_cd3": "60",
    "pbmc_density": "6.2e7 cells/mL",
    "pbmc_viability": "95.4 %",
    "pbmc_volume": "50",
    "pbmc_cd3": "60",
    "pbmc_blasts": "0.2",
    "activated_density": "5.0e5 cells/mL",
    "activated_viability": "90.2 %",
    "activated_volume": "100",
    "titre": "1.2e8 TU/mL",
    "vials_thawed": "2",
    "vector_added": "1.25",
    "washed_density": "2.5e6 cells/mL",
    "washed_viability": "88.0 %",
    "washed_volume": "20",
    "culture_density": "1.35e7 cells/mL",
    "culture_viability": "92.5 %",
    "culture_volume": "100",
    "glucose": "12",
    "lactate": "8",
    "feed_added": "900",
    "day5_car": "38",
    "day5_cd7": "2.1",
    "day5_car_cd7": "0.4",
    "day5_events": "3e5",
    "harvest_car": "42",
    "harvest_cd7": "1.8",
    "product_density": "4.0e7 cells/mL",
    "product_viability": "93.0 %",
    "bag_fill": "2.38",
    "bags_filled": "1",
    "bag_labels": "2",
    "final_viability": "91",
    "final_cd3": "97",
    "final_car": "42",
    "final_cd7_negative": "98.2",
    "final_events": "4e5",
    "endotoxin": "0.05",
    "vcn_bulk": "0.9",
}


def child(**other: str) -> Play:
    """Return the child's batch, started; ``other`` are facts and answers that differ."""
    facts = {name: text for name, text in other.items() if name in ORDER}
    return Play(
        cd7(), ORDER | facts, COUNTS | {name: text for name, text in other.items() if name not in ORDER}
    ).start()


def child_at(key: str) -> Play:
    """Return the child's batch with everything done up to a step, or all of it for an empty key."""
    play = _played(key)
    return replace(play, lines=list(play.lines), answers=dict(play.answers))


@cache
def _played(key: str) -> Play:
    return child().finish(key)
