"""How instruments speak, and how no reading is lost.

``protocols``    sans I/O: bytes in, events out
``instruments``  one file per instrument: which protocol, which channels, which units
``transports``   the only input and output: serial ports, OPC-UA sessions
``spool``        readings on disk before the instrument hears an acknowledgement
``gateway``      the process that joins them and delivers to the MES, at least once
``simulators``   instruments that speak the real wire, for tests, training and the demonstration
"""
