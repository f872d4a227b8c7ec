"""The decisions, by concern: steps, values, corrections, alarms, the batch as a whole. Import this to have them all."""

from batch_records.executed.decisions import alarms, corrections, steps, values, whole

__all__ = ["alarms", "corrections", "steps", "values", "whole"]
