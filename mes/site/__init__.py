"""The site: what this installation is, said once and for good."""
