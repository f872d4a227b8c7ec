"""A subscription to nodes that nobody configured: they are looked for, and looked for again.

First a short session finds them. Then each session is looked through before the first of its messages is taken, and
again from time to time: what another node is now, under an old node's number, is never stored as the old one. Where
the server has changed, everything begins anew with what it has now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event as Stop
from typing import Any

from asyncua.client.ua_session import UaSession
from asyncua.ua.uaerrors import UaError

from devices.backoff import Backoff
from devices.certificates import UntrustedError
from devices.config import Node, OpcUaSettings
from devices.intake import Intake
from devices.transports.opcua import OpcUaSubscription
from devices.transports.opcua_client import Connection, connected

UNITS = ".unit"  # behind the name of a channel: the channel that tells its unit

Find = Callable[[UaSession], Awaitable[tuple[Node, ...]]]


class ChangedError(Exception):
    """The server has other nodes than were subscribed."""


class SurveyedSubscription(OpcUaSubscription):
    """A subscription that ends with `ChangedError` when its nodes are not what the server has."""

    def __init__(self, find: Find, settings: OpcUaSettings, pki: Path, intake: Intake, pause: float) -> None:
        super().__init__(settings, pki, intake)
        self._find, self._pause, self._found = find, pause, settings.nodes
        self._now: UaSession | None = None

    @property
    def session(self) -> UaSession:
        """The session's services. Raises `ConnectionError` where there is none."""
        if self._now is None:
            raise ConnectionError("there is no session yet")
        return self._now

    async def _session(self, connection: Connection) -> Any:  # noqa: ANN401 - the superclass's own
        standing = await super()._session(connection)
        self._now = connection.session
        await self.began(connection)
        await self.survey_again()
        return standing

    async def began(self, connection: Connection) -> None:
        """Do what else a session needs before its first message is taken."""

    async def _publish(self, *arguments: Any) -> None:  # noqa: ANN401 - the superclass's own
        endless = [asyncio.create_task(each) for each in (super()._publish(*arguments), *self.beside())]
        try:
            done, _ = await asyncio.wait(endless, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in endless:
                task.cancel()
            await asyncio.gather(*endless, return_exceptions=True)

    def beside(self) -> Sequence[Any]:
        """Return what runs beside the subscription, for ever."""
        return [self.survey_for_ever()]

    async def survey_for_ever(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(self._pause)
            await self.survey_again()

    async def survey_again(self) -> None:
        """Look whether the server has what was subscribed."""
        if await self._find(self.session) != self._found:
            await self.end()

    async def end(self) -> None:
        """Close the session, which can bring no more, and say why."""
        with suppress(UaError, OSError):
            await self.session.close_session(True)
        raise ChangedError


Make = Callable[[OpcUaSettings], SurveyedSubscription]


class Survey:
    """What runs one surveyed subscription after the other."""

    def __init__(self, find: Find, make: Make, settings: OpcUaSettings, pki: Path, intake: Intake) -> None:
        self._find, self._make, self._settings, self._pki, self._intake = find, make, settings, pki, intake

    def run(self, stop: Stop) -> None:
        """Receive until told to stop."""
        backoff = Backoff()
        while not stop.is_set():
            nodes = self._nodes()
            if nodes is None:
                stop.wait(backoff.wait())
                continue
            backoff.reset()
            with suppress(ChangedError):
                self._make(replace(self._settings, nodes=nodes)).run(stop)

    def _nodes(self) -> tuple[Node, ...] | None:
        """Return what the server has; None where it cannot be asked, and the state says why."""
        try:
            nodes = asyncio.run(self._survey())
        except UntrustedError as refusal:
            self._intake.refused(str(refusal), refusal.notice)
        except (UaError, OSError, ValueError) as lost:
            self._intake.state("no connection", f"{self._settings.url}: {str(lost) or 'no answer'}")
        else:
            self._tell_what_is_missing(nodes)
            return nodes
        return None

    async def _survey(self) -> tuple[Node, ...]:
        async with connected(self._intake.instrument, self._settings, self._pki) as connection:
            await connection.begin()
            try:
                return await self._find(connection.session)
            finally:
                with suppress(UaError, OSError):
                    await connection.session.close_session(True)  # a server has few, and keeps one that is left

    def _tell_what_is_missing(self, nodes: Sequence[Node]) -> None:
        known = self._intake.spool.latest(self._intake.instrument)
        missing = known.keys() - {node.channel for node in nodes} - self.elsewhere
        for channel in sorted(missing - {f"{each}{UNITS}" for each in missing}):
            self._intake.gap(f"{channel}: the server has it no longer")

    elsewhere: frozenset[str] = frozenset()  # channels that are no nodes
