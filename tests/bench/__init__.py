"""The benchmark: what the product adds to what the same machine does without it, as ratios in one run."""
