"""The decisions, by concern: steps, values, counts, corrections, what is told, the whole. Import this for all."""

from batch_records.executed.decisions import (
    alarms,
    corrections,
    counts,
    endings,
    notices,
    notifications,
    steps,
    values,
    whole,
)

__all__ = ["alarms", "corrections", "counts", "endings", "notices", "notifications", "steps", "values", "whole"]
