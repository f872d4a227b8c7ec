"""What takes too long for the tests: the same trials, many more of them. `python -m tests.soak` lists them."""
