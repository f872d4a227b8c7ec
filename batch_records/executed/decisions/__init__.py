"""The decisions, by concern: steps, values, counts, corrections, alarms, the whole. Import this to have them all."""

from batch_records.executed.decisions import alarms, corrections, counts, steps, values, whole

__all__ = ["alarms", "corrections", "counts", "steps", "values", "whole"]
