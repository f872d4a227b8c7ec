"""Badges: a scan fills in who somebody is. It opens nothing and signs nothing: the password is asked for all the same."""
