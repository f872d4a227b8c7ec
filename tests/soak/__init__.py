"""What takes too long for the tests: the same trials, many more of them. `./lab soak` lists them."""
