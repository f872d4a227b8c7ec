"""How instruments speak, and how no reading is lost.

``protocols``    sans I/O: bytes in, events out
``instruments``  one file per instrument: which protocol, which channels, which units
``transports``   the only input and output: serial lines, OPC-UA sessions, folders of files
``intake``       takes a transport's measurements; ``spool`` keeps them on disk, numbered, until they are delivered
``room``         how much the spool may hold; ``condition``, how everything is
``delivery``     to the MES over HTTP, at least once; ``heartbeat`` tells it how the instruments are
``gateway``      the process that joins them; ``config`` is its file, ``certificates`` its trust, ``doctor`` its health
``catalogue``    which instruments are known, for the web application
``simulators``   instruments that speak the real wire, for tests, training and the demonstration
"""
