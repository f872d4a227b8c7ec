"""What is proved of a recipe before anybody signs it: every path through it, with values told apart where it asks."""
