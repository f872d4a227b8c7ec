"""Instruments that this project did not write, in the simulated ones' places.

The bioreactor is served by node-opcua, over a signed and encrypted session. The cell counter's results are the rows of
a file that a Vi-CELL BLU exported in March 2022; process time plays that month, and the culture is conditioned so that
its density agrees with the rows that stand for it.
"""
