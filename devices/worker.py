"""Convert one file in a process of its own: a converter is heavy, foreign, and may hang or crash on a foreign file.

The process reads the file from its standard input and writes the conversion as JSON to its standard output:

    python -m devices.worker vicell-blu-export Europe/Berlin month-first < export.csv

Its exit code is 0, or 1 with the reason on its standard error when the file is none of the instrument's. A file that
unpacks to more memory than there is to give ends the process, and nothing else.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from devices.discover import kinds
from devices.instrument import Conversion, DateOrder, FileInstrument, Measurement
from devices.protocols import ProtocolError
from devices.reading import Quality

PATIENCE = 60.0  # seconds; a file of 200 samples takes 4
MEMORY = 4 * 2**30  # bytes of address space; a conversion takes one


def convert(kind: str, content: bytes, zone: ZoneInfo, dates: DateOrder | None = None) -> Conversion:
    """Convert a file's content. Raises `ProtocolError` with the reason where that cannot be done."""
    command = [sys.executable, "-m", "devices.worker", kind, zone.key, *([dates] if dates else [])]
    here = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=PATIENCE, env=here, check=False)  # noqa: S603 - our own program
    except subprocess.TimeoutExpired as slow:
        raise ProtocolError(f"its conversion took longer than {PATIENCE:.0f} s") from slow
    if done.returncode:
        raise ProtocolError(done.stderr.decode(errors="replace").strip().rpartition("\n")[2] or "its converter crashed")
    try:
        return _from_json(json.loads(done.stdout))
    except ValueError as garbled:
        raise ProtocolError(f"its converter gave no conversion: {garbled}") from garbled


def _to_json(conversion: Conversion) -> str:
    told = asdict(conversion)
    for made in told["measurements"]:
        made["raw"] = base64.b64encode(made["raw"]).decode()
        made["quality"] = made["quality"].value
        made["source_time"] = made["source_time"] and made["source_time"].isoformat()
    return json.dumps(told)


def _from_json(told: dict[str, Any]) -> Conversion:
    return Conversion([_measurement(**made) for made in told["measurements"]], told["notices"])


def _measurement(*, raw: str, quality: str, source_time: str | None, **rest: Any) -> Measurement:  # noqa: ANN401 - texts
    time = datetime.fromisoformat(source_time) if source_time else None
    return Measurement(raw=base64.b64decode(raw), quality=Quality(quality), source_time=time, **rest)


def main() -> int:
    """Convert standard input."""
    # What libraries print (one that reads spreadsheets warns on standard output) must not get into the conversion.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    kind, zone, *dates = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    instrument = kinds()[kind]()
    if not isinstance(instrument, FileInstrument):
        raise TypeError(f"{kind} exports no files")
    try:
        with answer:
            answer.write(_to_json(instrument.convert(sys.stdin.buffer.read(), ZoneInfo(zone), *map(DateOrder, dates))))
    except ProtocolError as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
