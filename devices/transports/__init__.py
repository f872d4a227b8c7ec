"""The only input and output of this package. A transport runs until it is told to stop, and comes back from any loss.

A transport carries bytes between an instrument and its `devices.intake.Intake`, in the order: kept, then acknowledged.
"""
