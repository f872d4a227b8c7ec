"""Evidence: which requirement which test proves, on which software, with which outcome; and whether a site has it."""
