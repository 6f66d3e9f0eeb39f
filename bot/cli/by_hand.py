"""Commands that tell the ledger what a person saw or did by hand: ``resolve`` and ``signed-in``."""

from enum import StrEnum
from typing import Annotated

import typer

from bot.cli.wiring import settings_of
from bot.errors import CannotStart
from bot.system import user_name
from bot.wording import harmless


class SettledAs(StrEnum):
    """What a person found out about an order in Seller Central."""

    CANCELED = "canceled"
    NOT_CANCELED = "not-canceled"


def resolve(
    order: Annotated[str, typer.Argument(metavar="ORDER", help="Amazon order number.")],
    settled_as: Annotated[SettledAs, typer.Option("--as", help="What Seller Central shows for it.")],
    note: Annotated[str, typer.Option("--note", help="How you know.")],
) -> None:
    """``countermand resolve``."""
    from datetime import UTC, datetime

    from bot.ledger import Ledger, has_ledger
    from bot.settings import load_local_settings

    _must_say_something(note)
    place = load_local_settings().ledger_place
    if not has_ledger(place):
        raise CannotStart(
            reason=f"There is no ledger at {place}: start from the folder that the run was started from, or name its "
            "ledger in COUNTERMAND_LEDGER."
        )
    with Ledger.open(place) as ledger:
        intents = ledger.intents.waiting(order)
        if not intents and settled_as is SettledAs.NOT_CANCELED:
            # Amazon, or a person, has undone a cancel that was proved; only with this may it be pressed again.
            intents = ledger.intents.canceled_since(None, datetime.fromtimestamp(0, UTC), order=order)
        if not intents:
            raise CannotStart(reason=f"Order {order} is not waiting for a person; see: countermand status")
        ledger.intents.settle_by_hand(intents, settled_as, by=user_name(), why=note)
        for intent in intents:
            typer.echo(harmless(f"Order {order} ({intent.admin}, run {intent.run_id}) is settled as {settled_as}."))


def signed_in(
    note: Annotated[str, typer.Option("--note", help="How it was done, and by whom.")],
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="Which account, if the settings name several.")
    ] = None,
) -> None:
    """``countermand signed-in``."""
    from bot.identity import admin_name
    from bot.ledger import Ledger

    _must_say_something(note)
    settings = settings_of(None, None, unmasked=False)
    names = [one.username for one in settings.pool]
    if account is None and len(names) > 1:
        raise CannotStart(reason=f"The settings name several accounts. Choose one with --account: {', '.join(names)}.")
    account = account or names[0]
    if account not in names:
        raise CannotStart(reason=f"The settings name no account {account!r}; they name {', '.join(names)}.")
    with Ledger.open(settings.ledger_place) as ledger:
        ledger.sign_ins.signed_in_by_hand(admin_name(settings.admin_url), account, by=user_name(), why=note)
    typer.echo(harmless(f"Account {account} may sign in again; refusals are counted from 0."))


def _must_say_something(note: str) -> None:
    if not note.strip():
        raise CannotStart(reason="--note is empty: say what you saw or did; the ledger keeps it.")
