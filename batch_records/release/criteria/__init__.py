"""The criteria of release, one file each."""
