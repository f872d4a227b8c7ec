"""What gateways tell of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, update

from mes.execute import Doing, handles
from mes.gateways.models import GatewayTold
from mes.people.models import INSTRUMENT


@dataclass(frozen=True)
class HearGateway:
    """Keep what a gateway tells of itself and its instruments, in the place of what it told before."""

    gateway: str
    told: Mapping[str, Any]


@handles(HearGateway, "told how its instruments are", roles=(INSTRUMENT,))
def hear_gateway(doing: Doing, command: HearGateway) -> None:
    """Keep it; what it told before is of no use to anybody."""
    connection = doing.act.connection
    values = {"heard": doing.act.at, "told": dict(command.told)}
    known = update(GatewayTold).where(GatewayTold.gateway == command.gateway).values(**values)
    if not connection.execute(known).rowcount:
        connection.execute(insert(GatewayTold).values(gateway=command.gateway, **values))
