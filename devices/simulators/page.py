"""The page of the front panels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from devices.instruments.bioreactor import Bioreactor
from devices.simulators.culture import EVENTS, VESSELS, NotSoError
from devices.simulators.faults import FAULTS
from devices.simulators.world import World

_MARKERS = {"car": "CAR+", "cd7": "CD7+", "car_cd7": "CAR+ CD7+", "cd3": "CD3+"}

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; background: #eceff1; color: #16242c; margin: 0; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem; display: grid; gap: 1.25rem;
       grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); align-items: start; }
header { grid-column: 1 / -1; } h1 { font-size: 1.35rem; margin: 0; } h2 { font-size: 1.05rem; margin: 0 0 .75rem; }
header p { margin: .25rem 0 0; color: #4b5c66; } .said { background: #fff7d6; border-left: 4px solid #d9a400;
       padding: .6rem .9rem; color: #16242c; overflow-wrap: anywhere; }
section { background: #fff; border-radius: .6rem; padding: 1.1rem 1.25rem; box-shadow: 0 1px 3px #0002; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .3rem 1rem; margin: 0; }
dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
dl + form, form + form { margin-top: 1.1rem; }
form { display: grid; gap: .6rem; } label { display: grid; gap: .15rem; font-size: .9rem; color: #4b5c66; }
input, select, button { font: inherit; padding: .5rem .6rem; border: 1px solid #9fb0ba; border-radius: .4rem; }
button { background: #0b5c6b; color: #fff; border: 0; font-weight: 600; min-height: 2.9rem; }
button.other { background: #fff; color: #0b5c6b; border: 1px solid #0b5c6b; }
button:focus-visible, input:focus-visible, select:focus-visible { outline: 3px solid #d9a400; outline-offset: 1px; }
"""


def page(world: World, last_count: Mapping[str, Any], said: str) -> str:
    """Return the page as it is now."""
    now = world.clock()
    notice = f'<p class="said" role="status">{escape(said)}</p>' if said else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated instruments</title><style>{_STYLE}</style></head><body><main>
<header><h1>Simulated instruments</h1>
<p>All numbers are synthetic. Process time {now:%Y-%m-%d %H:%M:%S} UTC, at {world.clock.rate:g} × real time.</p>
{notice}</header>
{_panel("Bioreactor", _list(_probes(world)))}
{_panel("Cell counter", _list(_counted(last_count)) + _COUNT)}
{_panel("Flow cytometer", _list(_flow(world)))}
{_panel("Cells", _EVENT)}
{_panel("Time", _SKIP)}
{_panel("Faults", "".join(_fault(instrument, world) for instrument in FAULTS))}
</main></body></html>
"""


def _panel(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>"


def _list(pairs: Iterable[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in pairs) + "</dl>"


def _probes(world: World) -> Iterable[tuple[str, str]]:
    for channel, (value, status) in world.probes(world.clock()).items():
        shown = f"{value / 1e6:.2f} × 10⁶" if channel == "viable_cell_density" else f"{value:g}"
        yield _words(channel), f"{shown} {Bioreactor.channels[channel]}" if status == "Good" else status


def _counted(last: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    return ((_words(key), str(value)) for key, value in last.items())


def _flow(world: World) -> Iterable[tuple[str, str]]:
    for vessel in reversed(VESSELS):
        try:
            read = world.flow(vessel)
        except NotSoError:
            continue
        yield "vessel", vessel
        yield from ((_words(name), f"{value:g} %") for name, value in read.items())
        return
    yield "no cells yet", ""


def _words(name: str) -> str:
    return _MARKERS.get(name, name.replace("_", " "))


def _options(names: Iterable[str], chosen: str = "") -> str:
    return "".join(
        f'<option value="{name}"{" selected" if name == chosen else ""}>{_words(name)}</option>' for name in names
    )


def _fault(instrument: str, world: World) -> str:
    return f"""<form method="post" action="/fault"><input type="hidden" name="instrument" value="{instrument}">
<label>{instrument} <select name="fault">{_options(FAULTS[instrument], world.asked(instrument))}</select></label>
<button>Set</button></form>"""


_COUNT = f"""<form method="post" action="/counter/count">
<label>Sample <input name="sample" required autocomplete="off"></label>
<label>Vessel <select name="vessel">{_options(VESSELS, "bioreactor")}</select></label><button>Count</button>
<button formaction="/counter/export" class="other">Count, and export a file</button></form>"""

_EVENT = f"""<form method="post" action="/culture/event">
<label>What is done <select name="event">{_options(EVENTS)}</select></label>
<label>Volume, mL (empty: the usual) <input name="volume" inputmode="decimal"></label>
<label>Viable cells (empty: the usual) <input name="cells" inputmode="decimal"></label><button>Do it</button></form>"""

_SKIP = """<form method="post" action="/clock/skip">
<label>Hours <input name="hours" inputmode="decimal" required value="24"></label>
<button>Let time pass</button></form>"""
