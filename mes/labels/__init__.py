"""Labels: printed as PDF or for a label printer, printed again with a reason, scanned back, accounted for."""
