"""The master batch record: a recipe read from text, with every mistake at its line, linted and pinned by digest."""
