"""The decisions, by concern: steps, values, labels, counts, corrections, alarms, notices, the whole.

Import this for all.
"""

from batch_records.executed.decisions import alarms, corrections, counts, labels, notices, steps, values, whole

__all__ = ["alarms", "corrections", "counts", "labels", "notices", "steps", "values", "whole"]
