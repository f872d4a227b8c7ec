"""The decisions, by concern: steps, values, corrections, the batch as a whole. Import this to have them all."""

from batch_records.executed.decisions import corrections, steps, values, whole

__all__ = ["corrections", "steps", "values", "whole"]
