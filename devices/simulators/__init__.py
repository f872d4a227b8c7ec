"""Instruments that speak the real wire, for tests, training and the demonstration. All their numbers are synthetic.

One seeded model of a culture (`culture`) stands behind every instrument, in process time, so that what a bioreactor, a
cell counter and a flow cytometer say of the same cells agrees. None of this runs in a laboratory.
"""
