"""What the practice shop holds: four stores with 500 orders each, made the same way every time."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import count

from bot.sandbox.shop import CANADA, EXAMPLES, MAIN, UNKNOWN_ORDER, US, US_2, Item, Order, Shop, Store
from bot.vocabulary import Status

ORDERS = 500
"""Orders in each store."""
_NEWEST = datetime(2020, 4, 2, 19, 42)

STORES = (
    Store(
        uuid="5b0e7c52-6a0f-4d5e-9a41-3f1f0a6c9d01",
        name=CANADA,
        website="Amazon US Website",
        country="CA",
        currency="CAD",
        created="Dec 18, 2019, 1:02 PM",
        updated="Feb 27, 2020, 1:29 PM",
        volume="CAN $81",
        change=-27,
        incomplete=7,
        trend=(0, 0, 0, 0, 0, 0, 55, 100, 0, 100, 0, *[0] * 19),
    ),
    Store(
        uuid="5b0e7c52-6a0f-4d5e-9a41-3f1f0a6c9d02",
        name=MAIN,
        website="Main Website",
        country="US",
        currency="USD",
        created="Jan 7, 2020, 9:15 AM",
        updated="Mar 3, 2020, 8:40 AM",
        volume="$2,418",
        change=4,
        incomplete=12,
        trend=(10, 22, 18, 30, 42, 35, 50, 44, 61, 58, 70, 66, 80, 77, 100, 92),
    ),
    Store(
        uuid="5b0e7c52-6a0f-4d5e-9a41-3f1f0a6c9d03",
        name=US,
        website="Amazon US Website",
        country="US",
        currency="USD",
        created="Feb 12, 2020, 11:53 AM",
        updated="Feb 13, 2020, 1:02 PM",
        volume="$141",
        change=16,
        incomplete=38,
        trend=(0, 0, 0, 0, 0, 0, 0, 0, 100, 0, *[0] * 6, 16, *[0] * 13),
    ),
    Store(
        uuid="5b0e7c52-6a0f-4d5e-9a41-3f1f0a6c9d04",
        name=US_2,
        website="Outlet Website",
        country="US",
        currency="USD",
        created="Mar 1, 2020, 4:20 PM",
        updated="Mar 30, 2020, 6:05 PM",
        volume="$963",
        change=-3,
        incomplete=0,
        trend=(60, 40, 75, 30, 20, 80, 100, 45, 30, 62, 20, 15, 40, 22, 12),
    ),
)

# Orders that must be there, newest first: number, status, buyer, total and traits.
# The first ten of each store are on its dashboard.
_FIXED: dict[str, tuple[tuple[str, str, str, str, str], ...]] = {
    US: (
        ("112-1215998-3002095", "Shipped", "Sandy Turner", "58.57", ""),
        ("112-1215998-3002069", "PartiallyShipped", "John Smith", "63.27", ""),
        ("112-1215998-3002093", "Shipped", "Julian Castro", "164.67", ""),
        ("112-1215998-3002092", "Completed", "Julie Summers", "132.52", ""),
        ("112-1215998-3002091", "Unshipped", "Michael Blankenship", "121.80", ""),
        ("112-1215998-3002089", "Unshipped", "Siobhan O'Connor", "74.05", ""),
        ("112-1215998-3003000", "Error", "Mia Williamson", "63.27", ""),
        ("112-1215998-3002079", "Pending", "Grace Holloway", "18.40", ""),
        ("112-1215998-3002078", "PendingAvailability", "Tobias Rehn", "249.00", ""),
        ("112-1215998-3002077", "Canceled", "Lena Fischer", "39.90", ""),
        ("112-1215998-3002090", "Completed", "Trudy McHale", "111.09", ""),
        ("112-1215998-3002088", "Completed", "Susan Wright", "62.20", ""),
        ("112-1215998-3002087", "Shipped", "Bill Johnson", "61.13", ""),
        ("112-1215998-3002086", "Shipped", "Ryan Goldman", "60.06", ""),
        ("112-1215998-3002085", "Shipped", "Jill Beaird", "58.99", ""),
        ("112-1215998-3002084", "Shipped", "Mellissa Carter", "57.91", ""),
        ("112-1215998-3002083", "Shipped", "James Calhoun", "165.08", ""),
        ("112-6177312-0215004", "Unshipped", "Priya Raman", "87.45", ""),
        ("112-6177312-0215002", "Completed", "Greg Katz", "41.14", ""),
        ("112-6177312-0215001", "Completed", "Andrew Merrill", "63.87", ""),
    ),
    MAIN: (
        ("111-1071022-7105018", "Unshipped", "Hannah Price", "44.10", ""),
        ("111-1071022-7105017", "Shipped", "Owen Marsh", "23.75", ""),
        ("111-1071022-7105016", "Unshipped", "Constance Abernathy-Whitfield", "1249.95", ""),
        ("111-1071022-7105015", "Completed", "Lisa Simmons", "20.33", "imported"),
        ("111-1071022-7105014", "Unshipped", "Żaneta Bąk-Müller", "56.00", ""),
        ("111-1071022-7105012", "Pending", "Walter D'Angelo", "12.49", ""),
        ("111-1071022-7105011", "Unshipped", "Nora Lindqvist", "33.20", "without items"),
        ("111-1071022-7105010", "Shipped", "Peter Novak", "71.80", ""),
        ("111-1071022-7105009", "Unshipped", "Carmen Delgado", "95.60", "imported"),
        ("111-1071022-7105008", "Unshipped", "Eugene Whitaker", "27.15", ""),
        ("111-1071022-7104001", "Unshipped", "Ingrid Solberg", "64.30", "imported"),
        ("111-1071022-7104002", "Unshipped", "Desmond Clarke", "15.99", "without items"),
        ("111-1071022-7104003", "Completed", "Amara Okafor", "88.00", "imported"),
    ),
    US_2: (
        ("114-3309127-5550019", "Completed", "Yuki Tanaka", "130.00", ""),
        ("114-3309127-5550018", "Shipped", "Rosa Marino", "49.99", ""),
        ("114-3309127-5550017", "Unshipped", "Daniel Hughes", "210.40", ""),
        ("114-3309127-5550016", "Unshipped", "Fatima Zahra", "31.25", ""),
        ("114-3309127-5550015", "PartiallyShipped", "Colin Firthwood", "77.70", ""),
        ("114-3309127-5550014", "Unshipped", "Zoë Kravchenko", "19.95", ""),
    ),
    CANADA: (
        ("701-4418203-9920015", "Shipped", "Étienne Gagnon", "61.00", ""),
        ("701-4418203-9920014", "Completed", "Margaret Tremblay", "25.40", ""),
        ("701-4418203-9920013", "Unshipped", "Noah Bouchard", "102.75", ""),
        ("701-4418203-9920012", "Canceled", "Olivia Roy", "14.60", ""),
        ("701-4418203-9920011", "Unshipped", "Liam O'Reilly", "38.85", ""),
    ),
}  # fmt: skip

_STATUSES = {
    Status.UNSHIPPED: 36,
    Status.SHIPPED: 24,
    Status.COMPLETED: 22,
    Status.PENDING: 6,
    Status.CANCELED: 6,
    Status.PARTIALLY_SHIPPED: 3,
    Status.PENDING_AVAILABILITY: 2,
    Status.ERROR: 1,
}
_FIRST = (
    "Ada", "Ben", "Clara", "Dylan", "Elena", "Felix", "Gina", "Hugo", "Iris", "Jonas", "Kara", "Leo",
    "Maya", "Nils", "Olga", "Pablo", "Quinn", "Ruth", "Sam", "Tessa", "Uma", "Victor", "Wendy", "Xenia",
    "Yara", "Zack", "José", "Renée", "Søren",
)  # fmt: skip
_LAST = (
    "Adams", "Baker", "Castillo", "Dunn", "Ellis", "Foster", "Garcia", "Hill", "Ingram", "Jensen",
    "Keller", "Lopez", "Moore", "Nash", "O'Brien", "Patel", "Quist", "Reyes", "Stone", "Tran", "Ueda",
    "Vargas", "Walsh", "Young", "Zimmer", "D'Souza", "Núñez", "Großmann",
)  # fmt: skip
_GOODS = (
    ("GLOFISH-ORNAMENT-DIVER", "Aquarium ornament, diver"),
    ("MUG-ENAMEL-12", "Enamel mug, 12 oz"),
    ("LAMP-DESK-OAK", "Desk lamp, oak"),
    ("TENT-2P-GREEN", "Two-person tent, green"),
    ("KNIFE-CHEF-20", "Chef's knife, 20 cm"),
    ("SOCK-WOOL-M", "Wool socks, M"),
    ("PUZZLE-1000-SEA", "Puzzle, 1000 pieces, sea"),
)
_PLACES = {
    "US": (
        ("Austin", "TX", "78758"),
        ("Seattle", "WA", "98101"),
        ("Albany", "NY", "12207"),
        ("Boise", "ID", "83702"),
    ),
    "CA": (("Toronto", "ON", "M5V 2T6"), ("Québec", "QC", "G1R 4S9"), ("Calgary", "AB", "T2P 1J9")),
}


def new_shop(*, imports: bool = False) -> Shop:
    """The practice shop, every order as at the start.

    With ``imports`` every order was imported as a Commerce order, but for those in error and the one that is there to
    show it.
    """
    return Shop(STORES, _all_imported() if imports else _all_orders())


@cache
def _all_orders() -> tuple[Order, ...]:
    return tuple(order for store in STORES for order in _orders(store))


@cache
def _all_imported() -> tuple[Order, ...]:
    left_out = EXAMPLES["not_imported"][1]
    numbers = (f"{number:09}" for number in count(33))
    return tuple(
        order
        if order.status is Status.ERROR or order.number == left_out
        else replace(order, commerce_number=next(numbers))
        for order in _all_orders()
    )


def _orders(store: Store) -> Iterator[Order]:
    chance = random.Random(store.name)  # seeded by the name: the same orders every time
    fixed = _FIXED[store.name]
    taken = {number for rows in _FIXED.values() for number, *_ in rows} | {UNKNOWN_ORDER}
    area = fixed[0][0][:3]
    purchased = _NEWEST
    commerce_number = 33 if store.name == MAIN else 1000 * (STORES.index(store) + 1)
    for position in range(ORDERS):
        purchased -= timedelta(minutes=chance.randint(4, 40) if position < len(fixed) else chance.randint(90, 500))
        if position < len(fixed):
            number, status_name, buyer, total, trait = fixed[position]
            status = Status(status_name)
        else:
            while (number := f"{area}-{chance.randrange(10**7):07}-{chance.randrange(10**7):07}") in taken:
                pass
            taken.add(number)
            buyer = f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"
            status = chance.choices(list(_STATUSES), list(_STATUSES.values()))[0]
            total = f"{chance.randint(900, 26000) / 100:.2f}"
            trait = "imported" if status is Status.COMPLETED and chance.random() < 0.3 else ""
        yield _order(store, number, status, buyer, total, purchased, chance, trait, f"{commerce_number:09}")
        commerce_number += trait == "imported"


def _order(
    store: Store,
    number: str,
    status: Status,
    buyer: str,
    total: str,
    purchased: datetime,
    chance: random.Random,
    trait: str,
    commerce_number: str,
) -> Order:
    quantity = 2 if status is Status.PARTIALLY_SHIPPED else 1
    all_or_some = {Status.SHIPPED: quantity, Status.COMPLETED: quantity, Status.PARTIALLY_SHIPPED: 1}
    shipped = all_or_some.get(status, 0)
    sku, title = _GOODS[0] if status is Status.ERROR else chance.choice(_GOODS)
    item = Item(sku=sku, asin=f"B0{chance.randrange(10**8):08}", title=title, quantity=quantity, price=total)
    city, region, postal_code = chance.choice(_PLACES[store.country])
    return Order(
        number=number,
        store=store.name,
        status=status,
        buyer=buyer,
        email=f"{number.replace('-', '')[-8:]}@buyer.example",
        total=total,
        currency=store.currency,
        purchased=purchased,
        ship_by=(purchased + timedelta(days=4)).replace(hour=1, minute=59),
        notes=f'Cannot create sales order: Product "{sku}" in order is not salable'
        if status is Status.ERROR
        else f"Status updated to {status}.",
        items=() if trait == "without items" else (item,),
        items_shipped=shipped,
        items_unshipped=0 if status is Status.CANCELED else quantity - shipped,
        commerce_number=commerce_number if trait == "imported" else "",
        phone=f"+1 346-555-{chance.randrange(10**4):04}",
        service_level=f"Econ {store.country} Dom",
        business=chance.random() < 0.1,
        prime=chance.random() < 0.1,
        address={
            "address1": f"{chance.randint(10, 9999)} {chance.choice(_LAST)} Street",
            "address2": "",
            "address3": "",
            "city": city,
            "region": region,
            "postalCode": postal_code,
            "country": store.country,
        },
    )
