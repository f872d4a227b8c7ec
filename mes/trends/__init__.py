"""Trends: readings over time, the lowest and the highest of each stretch, so that a chart of two weeks is quick."""
