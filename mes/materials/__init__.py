"""Materials: lots, their certificates and status."""
