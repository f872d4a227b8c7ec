"""The decisions, by concern: steps, values, counts, corrections, alarms, notices, the whole. Import this for all."""

from batch_records.executed.decisions import alarms, corrections, counts, notices, steps, values, whole

__all__ = ["alarms", "corrections", "counts", "notices", "steps", "values", "whole"]
