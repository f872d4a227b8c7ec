"""The save of one step value against the commit of one bare row, under the same server, on the same database."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from urllib.parse import urlencode
from uuid import uuid4

from tests.bench import recipe
from tests.bench.installation import Installed
from tests.bench.load import Loaded, run
from tests.bench.server import Server, serving

ROUNDS = 3


@dataclass
class Places:
    """Fields that nothing was recorded in yet, of fresh batches."""

    installed: Installed

    def clients(self, clients: int, saves: int) -> list[list[tuple[str, str, str]]]:
        """Return for each client as many fields, each client in a batch of its own."""
        with self.installed.app.app_context():
            batches = [self.installed.issue() for _ in range(clients)]
        return [[(batch, *place) for place in recipe.places()[:saves]] for batch in batches]


def _post(path: str, form: dict[str, str], cookie: str = "") -> str:
    body = urlencode(form)
    head = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/x-www-form-urlencoded"]
    head += [f"Content-Length: {len(body)}"] + ([f"Cookie: {cookie}"] if cookie else [])
    return "\r\n".join(head) + "\r\n\r\n" + body


def product_plan(installed: Installed, clients: int, saves: int) -> list[list[str]]:
    """Return the requests of tablets that save one value after another."""
    cookie, csrf = installed.cookie()
    plan = []
    for places in Places(installed).clients(clients, saves):
        requests = [
            _post(
                f"/batches/{batch}/steps/{step}/values",
                {"csrf_token": csrf, "tap": str(uuid4()), f"value.{name}": "51.5"},
                cookie,
            )
            for batch, step, name in places
        ]
        plan.append(requests)
    return plan


def bare_plan(clients: int, saves: int) -> list[list[str]]:
    """Return the requests of clients that save one row after another."""
    return [[_post("/row", {"value": "51.5 %", "author": "alice"}) for _ in range(saves)] for _ in range(clients)]


@dataclass(frozen=True)
class Pair:
    """What both did with the same load: the median of some rounds, run in turns."""

    product: tuple[Loaded, ...]
    bare: tuple[Loaded, ...]

    @property
    def p50(self) -> float:
        """The product's median answer, in ms."""
        return median(each.percentile(0.5) for each in self.product)

    @property
    def p50_ratio(self) -> float:
        """How much longer the product's median answer takes."""
        return self.p50 / median(each.percentile(0.5) for each in self.bare)

    @property
    def throughput_share(self) -> float:
        """Which share of the bare route's throughput the product has."""
        return median(each.rate for each in self.product) / median(each.rate for each in self.bare)


def flat_out(installed: Installed, product: Server, bare: Server, clients: int, saves: int) -> Pair:
    """Load both in turns, each client as fast as it is answered."""
    products, bares = [], []
    for _ in range(ROUNDS):
        bares.append(run(installed.folder, bare.port, bare_plan(clients, saves), 200))
        products.append(run(installed.folder, product.port, product_plan(installed, clients, saves), 302))
    return Pair(tuple(products), tuple(bares))


def paced(installed: Installed, product: Server, tablets: int, seconds: int) -> Loaded:
    """Load the product with tablets that save once a second each."""
    return run(installed.folder, product.port, product_plan(installed, tablets, seconds), 302, pace=1.0)


def one_client(installed: Installed, saves: int) -> float:
    """Return how many times longer one client's save takes than its bare row.

    The best of some rounds of each, in turns: noise only ever adds, and a machine that slows down slows both.
    """
    workers = 1 if installed.url.startswith("sqlite") else 2
    environment, folder = installed.environment, installed.folder
    products, bares = [], []
    with (
        serving("wsgi:app", environment, workers, folder) as product,
        serving("tests.bench.bare:create_app()", environment, workers, folder) as bare,
    ):
        for _ in range(ROUNDS + 1):
            bares.append(run(folder, bare.port, bare_plan(1, saves), 200).percentile(0.5))
            products.append(run(folder, product.port, product_plan(installed, 1, saves), 302).percentile(0.5))
    return min(products[1:]) / min(bares[1:])
