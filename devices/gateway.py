"""The gateway: one process that listens to a site's instruments and delivers what they say.

Each instrument has a thread, and so have the delivery, the notices and the heartbeat; they meet in the spool. A thread
that fails is a defect of ours: it is logged whole and started again after a pause, and the other instruments go on.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event as Stop

from devices.backoff import Backoff
from devices.clock import Clock, clock_in_use
from devices.config import Config, FileSettings, OpcUaSettings, SerialSettings, Station, load
from devices.delivery import Delivery
from devices.heartbeat import Heartbeat
from devices.instrument import FileInstrument, ModelledInstrument, ResultInstrument, SerialInstrument
from devices.intake import Intake
from devices.notices import Notices
from devices.spool import Spool, only_writer
from devices.transports.file_drop import FileDrop
from devices.transports.opcua import OpcUaSubscription
from devices.transports.opcua_model import ModelledServer
from devices.transports.opcua_results import ResultServer
from devices.transports.serial_port import SerialLine

Task = Callable[[Stop], None]

_log = logging.getLogger(__name__)


class Gateway:
    """A configured gateway, with its spool open."""

    def __init__(self, config: Config, spool: Spool, clock: Clock) -> None:
        self._tasks: dict[str, Task] = {
            "delivery": Delivery(config.name, config.mes, spool, clock).run,
            "heartbeat": Heartbeat(config, clock).run,
            "notices": Notices(config.name, config.mes, spool).run,
        }
        for station in config.stations:
            self._tasks[station.name] = _listener(station, config, Intake(station.name, spool, clock))

    def run(self, stop: Stop) -> None:
        """Run every task until told to stop."""
        backoffs = {name: Backoff() for name in self._tasks}
        with ThreadPoolExecutor(len(self._tasks)) as pool:
            running = {pool.submit(task, stop): name for name, task in self._tasks.items()}
            while not stop.is_set():
                failed, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in () if stop.is_set() else failed:
                    name = running.pop(future)
                    _log.error("%s failed, and is started again", name, exc_info=future.exception())
                    running[pool.submit(_later, self._tasks[name], backoffs[name].wait(), stop)] = name


def _later(task: Task, seconds: float, stop: Stop) -> None:
    stop.wait(seconds)
    task(stop)


def _listener(station: Station, config: Config, intake: Intake) -> Task:
    match station.settings, station.instrument:
        case OpcUaSettings() as settings, ModelledInstrument() as instrument:
            return ModelledServer(instrument, settings, config.certificates, intake).run
        case OpcUaSettings() as settings, ResultInstrument() as instrument:
            return ResultServer(instrument, settings, config.certificates, intake).run
        case OpcUaSettings() as settings, _:
            return OpcUaSubscription(settings, config.certificates, intake).run
        case SerialSettings() as settings, SerialInstrument() as instrument:
            return SerialLine(instrument, settings, config.zone, intake).run
        case FileSettings() as settings, FileInstrument() as instrument:
            return FileDrop(instrument, settings, config.zone, intake).run
    raise TypeError(f"{station.name} has the settings of another kind of instrument")


def main(config_path: Path) -> int:
    """Run a gateway until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    for chatty in ("asyncua", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    config, stop = load(config_path), Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    config.spool.parent.mkdir(parents=True, exist_ok=True)
    with only_writer(config.spool, attempts=10):
        spool = Spool(config.spool, config.room)
        _log.info("%s: %s", config.name, ", ".join(f"{each.name} ({each.instrument.kind})" for each in config.stations))
        Gateway(config, spool, clock_in_use()).run(stop)
        spool.close()
    return 0
