"""One file per instrument. `devices.discover` imports them all."""
