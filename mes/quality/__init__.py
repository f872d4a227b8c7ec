"""Quality: deviations, review by exception, release."""
