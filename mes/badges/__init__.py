"""Badges: a scan fills in who somebody is. It opens and signs nothing: the password is asked for all the same."""
