"""Samples: one tube, one batch; and the laboratory's worklist."""
