"""The decisions, by concern: steps, values, labels, gates, what is told, the whole. Import this for all."""

from batch_records.executed.decisions import (
    alarms,
    corrections,
    counts,
    endings,
    labels,
    notices,
    notifications,
    steps,
    values,
    waivers,
    whole,
)

__all__ = [
    "alarms",
    "corrections",
    "counts",
    "endings",
    "labels",
    "notices",
    "notifications",
    "steps",
    "values",
    "waivers",
    "whole",
]
