"""What a pack's files may contain: typed models of ``pack.yaml`` and of one screen, with the meaning of each field."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from bot.vocabulary import Reason, Status

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Card(_Model):
    """The smallest box that contains a given text and a given control."""

    text: Words = Field(description="The complete text that tells this box from the others")
    control: Words = Field(description="The words on a button or link that every such box has")
    title_before: Words | None = Field(
        default=None,
        description="The label that follows the box's title: text must then be that title, the last words before this "
        "label; left out, text may be anywhere in the box",
    )


_PLAYWRIGHTS_OWN = re.compile(
    r">>|:(?:has-text|text|text-is|text-matches|visible|nth-match|light|left-of|right-of|above|below|near)(?![\w-])"
)
"""What selectors of Playwright have and a browser's own do not."""

KINDS = ("role", "label", "text", "says", "field", "column", "card", "row", "choice", "before", "css", "xpath")
PRIVATE_KINDS = ("field", "column", "css", "xpath")
"""Kinds of elements whose words can be masked; the last two as a whole, with everything in them."""

READ_ONLY_KINDS = frozenset({"field", "column"})


class Element(_Model):
    """One thing on a screen: how a person finds it, what it is for, and where that was observed."""

    role: Words | tuple[Words, ...] | None = Field(
        default=None, description="ARIA role, such as button, or any of several; goes with name"
    )
    name: Words | None = Field(default=None, description="With role: the complete accessible name")
    label: Words | None = Field(default=None, description="The form control with this label")
    text: Words | None = Field(default=None, description="The element with exactly this text")
    says: Words | None = Field(default=None, description="A message that contains these words")
    field: Words | None = Field(default=None, description="The value beside this label (read only)")
    column: Words | None = Field(default=None, description="The cells under this column header (read only)")
    card: Card | None = Field(default=None, description="The smallest box that holds a text and a control")
    row: Words | None = Field(default=None, description="The table row that has a cell with exactly this text")
    choice: Words | None = Field(
        default=None, description="The select, listbox button, combobox or group of radio buttons at this label"
    )
    before: Words | None = Field(
        default=None, description="The words right before this label, in the page's order, such as a card's title"
    )
    css: Words | None = Field(default=None, description="CSS selector; only if nothing visible identifies it")
    xpath: Words | None = Field(default=None, description="XPath; only if nothing visible identifies it")

    words: tuple[Words, ...] = Field(
        default=(),
        description="With xpath: those of its quoted words that a person sees; a language layer translates them",
    )
    has: tuple[Words, ...] = Field(
        default=(),
        description="With role: only what has any of these words in it, such as what a dialog asks, and its button",
    )
    within: Name | None = Field(default=None, description="Look only inside this element of the same screen")
    case: Literal["exact", "any"] = Field(default="exact", description="Whether upper and lower case must agree")
    there: Literal["once", "maybe", "often"] = Field(
        default="once",
        description="How often it is on its screen: once; maybe, because only some states show it; often, once or "
        "more. What acts on it needs exactly one all the same",
    )
    when: dict[Name, Words] | None = Field(
        default=None,
        description="It is there only while this field reads this, such as status: Unshipped",
    )
    commits: bool = Field(
        default=False, description="Pressing it cannot be undone; only the holder of a permit can press it"
    )
    private: bool = Field(default=False, description="Shows buyers' data: masked in screenshots and texts")
    secret: bool = Field(
        default=False, description="A field for a password or a code: always shown empty in screenshots and texts"
    )
    purpose: Words = Field(alias="for", description="What it is for, in a few words; error messages use them")
    observed: Words = Field(description="Where it was seen: a guide, a version, a screen")

    @model_validator(mode="after")
    def _one_way_to_find_it(self) -> Self:
        used = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(used) != 1:
            found = f"it has {' and '.join(used)}" if used else "it has none"
            raise ValueError(f"an element is found in exactly one way ({', '.join(KINDS)}); {found}")
        if self.css is not None and (own := _PLAYWRIGHTS_OWN.search(self.css)):
            raise ValueError(
                f"{own[0]!r} is Playwright's own and no CSS: find it by role and name, or by text, or write it as xpath"
            )
        if self.name is not None and self.role is None:
            raise ValueError("name goes with role; without role, use text or label")
        if unknown := [words for words in self.words if words not in (self.xpath or "")]:
            raise ValueError(f"words are those that the xpath has in quotes; it has not {unknown[0]!r}")
        if self.private and self.kind not in PRIVATE_KINDS:
            raise ValueError(f"only {', '.join(PRIVATE_KINDS)} elements can be private: their words are what is masked")
        if self.secret and (self.field or self.column):
            raise ValueError("field and column elements cannot be secret: nothing is typed into them")
        if self.has and self.role is None:
            raise ValueError("has goes with role: it says what is inside")
        if self.when is not None and (len(self.when) != 1 or self.there != "once"):
            raise ValueError("when names one field and what it reads, and goes without there")
        if self.commits and self.name is None:
            raise ValueError("an element that commits is found by role and name, so that nothing else can match")
        return self

    @property
    def kind(self) -> str:
        """The one way in which it is found, such as ``role`` or ``field``."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    def templates(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """The texts that may contain facts in braces, each with the keys that lead to it."""
        if self.card is not None:
            yield ("card", "text"), self.card.text
            yield ("card", "control"), self.card.control
            if self.card.title_before is not None:
                yield ("card", "title_before"), self.card.title_before
        elif self.role is None and self.kind not in {"css", "xpath"}:
            yield (self.kind,), getattr(self, self.kind)
        elif self.name is not None:
            yield ("name",), self.name
        for place, words in enumerate(self.has):
            yield ("has", place), words


class ScreenCheck(_Model):
    """One condition of a screen, with the message for users if it does not hold."""

    shows: Name | None = Field(default=None, description="This element is there, exactly once")
    hides: Name | None = Field(default=None, description="This element is not there")
    reads: dict[Name, Words] | None = Field(default=None, description="This element reads exactly this")
    route: Words | None = Field(default=None, description="The address after the # is exactly this")
    message: Words = Field(description="What is wrong when this does not hold")

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        if sum(value is not None for value in (self.shows, self.hides, self.reads, self.route)) != 1:
            raise ValueError("a check has exactly one of shows, hides, reads and route")
        if self.reads is not None and len(self.reads) != 1:
            raise ValueError("reads names exactly one element")
        return self

    @property
    def elements(self) -> tuple[str, ...]:
        """The names of the elements that this check looks at."""
        return tuple(name for name in (self.shows, self.hides, *(self.reads or ())) if name is not None)


class Interruption(_Model):
    """What it means when this screen appears instead of the expected one."""

    reaction: Literal[
        "sign_in", "taken_over", "new_code", "retry", "refused", "form_refused", "person", "stop", "clear"
    ] = Field(
        description=(
            "sign_in: sign in again and continue; taken_over: the same, but only once per run, because somebody else "
            "uses the account; new_code: enter a fresh two-factor code; retry: start this order again; refused: what "
            "was entered to sign in is not tried again; form_refused: the sign-in form was refused before anybody "
            "looked at the password; person: only a person can sign in; stop: end the run; clear: press what closes it "
            "and continue"
        )
    )
    press: Name | None = Field(default=None, description="With clear: the element that closes it")
    lasting: float = Field(
        default=0, ge=0, le=600, description="Seconds that it must last before it counts; 0 is at once"
    )
    lasting_without_script: float | None = Field(
        default=None,
        ge=0,
        le=600,
        description="The same, if the page has loaded without one of its scripts; lasting if not set",
    )
    message: Words = Field(description="What happened, for the user")
    next_step: Words = Field(description="What the user should do")

    @model_validator(mode="after")
    def _pressed_to_clear(self) -> Self:
        if (self.press is not None) != (self.reaction == "clear"):
            raise ValueError("press names the element that closes it, and goes with the reaction clear")
        return self


class ScreenSpec(_Model):
    """One screen: its elements, the ordered checks that prove that it is this screen, and its busy covers."""

    screen: Name = Field(description="The screen's name; also the file's name")
    title: Words = Field(description="What people call it; error messages use this")
    observed: Words = Field(description="Where it was seen: a guide, a version")
    elements: dict[Name, Element] = Field(default_factory=dict)
    labels: tuple[Words, ...] = Field(
        default=(), description="Other labels on this screen, so that none of them is mistaken for a value"
    )
    checks: tuple[ScreenCheck, ...] = Field(
        description="In order; the first that fails is the message", json_schema_extra={"minItems": 1}
    )
    busy: tuple[Words, ...] = Field(default=(), description="CSS of covers that mean: not ready yet")
    interrupts: Interruption | None = Field(
        default=None, description="Set where this screen may appear in place of any other"
    )
    page: Literal["own", "any"] | None = Field(
        default=None,
        description="own: it is a page of its own, with no buyers' data but what it marks as private; any: it stands "
        "on, or over, pages of which it says nothing, such as a dialog or the side menu. Left out, it is any for what "
        "interrupts after sign-in, else own. In screenshots and texts a page is masked whole, unless a screen with a "
        "page of its own is recognized on it and everything private that such a screen must have is found",
    )
    before_sign_in: bool = Field(
        default=False,
        description=(
            "Shown while nobody is signed in: in the sign-in page's language, which may differ from the account's"
        ),
    )

    @property
    def has_own_page(self) -> bool:
        """Whether a page on which it is recognized is this screen and nothing else."""
        return self.page == "own" if self.page else self.before_sign_in or self.interrupts is None

    @field_validator("checks")
    @classmethod
    def _some(cls, checks: tuple[ScreenCheck, ...]) -> tuple[ScreenCheck, ...]:
        # Not min_length: it also complains, beside the real mistake, when every check has one.
        if not checks:
            raise ValueError("a screen needs at least one check that tells it from the others")
        return checks


class Names(_Model):
    """Names of the cancel request's parameters, if they differ from the extension's."""

    order: Words | None = Field(default=None, description="The Amazon order number; orderId, in a form order_id")
    row: Words | None = Field(default=None, description="In a form, the number of the order's row; id")
    store: Words | None = Field(default=None, description="The store; uuid, in a form merchant_id")
    reason: Words | None = Field(default=None, description="The reason; reason")


class CancelRequest(_Model):
    """The request that cancels: what leaves the browser is compared with the permit by it, and its answer is read."""

    address: Words = Field(
        description="Complete parts of the path that the request goes to, such as channel/amazon/graphql"
    )
    body: Words | None = Field(
        default=None,
        description="With confirm_on cancel_dialog: the GraphQL mutation's name, such as cancelOrder; a form has none",
    )
    names: Names = Field(default=Names(), description="What the request calls order, row, store and reason")


class Way(_Model):
    """How the generations of the screens differ: where orders are listed, what a list leads to, where Confirm is."""

    orders: Literal["dashboard", "grid"] = Field(
        default="dashboard",
        description="dashboard: under Recent orders of the store's dashboard, and under All Orders; grid: under the "
        "Orders tab of the home page, for all stores, page by page; each row names its store",
    )
    opens: Literal["details", "commerce_order"] = Field(
        default="details",
        description="What the list leads to. details: the order's page; commerce_order: the Commerce order's page, "
        "whose payment block leads to the order's page",
    )
    confirm_on: Literal["cancel_dialog", "cancel_page"] = Field(
        default="cancel_dialog",
        description="Where the reason is chosen and what commits is pressed. cancel_dialog: a dialog over the order's "
        "page; cancel_page: a page of its own, which answers by leading to another page with a message",
    )


class PackInfo(_Model):
    """``pack.yaml``: what holds for all screens of a pack."""

    pack: Words = Field(description="The pack's name; also the folder's name")
    title: Words = Field(description="Which Admin and which versions it describes")
    observed: Words = Field(description="Where that was seen")
    extends: Words | None = Field(
        default=None,
        description="A pack that comes with Countermand: its screens hold where this one has none of its own",
    )
    statuses: dict[Status, tuple[Words, ...]] = Field(description="Status -> every way in which screens write it")
    reasons: dict[Reason, Words] = Field(description="Reason code -> its words in the pick list")
    canceled_notes: tuple[Words, ...] = Field(
        default=("Status updated to canceled.",),
        description="Every way in which an order's notes say that it was canceled: an Unshipped order with such a note "
        "was canceled before, and is not canceled again; left out, as in 4.3",
    )
    way: Way = Field(default=Way(), description="How an order is reached and canceled; left out, as in 4.3")
    order_route: Words = Field(
        description="Where an order's own page is: after the # with a #, or part of the address without one"
    )
    store_route: Words | None = Field(
        default=None, description="Where a store's dashboard is, after the #; needed where order_route has {store_id}"
    )
    cancel_route: Words | None = Field(
        default=None, description="With confirm_on cancel_page: part of that page's address, with {row_id}"
    )
    list_leads_to: Words | None = Field(
        default=None,
        description="Part of the address that order numbers in the store's dashboard lead to; the pack auto knows this "
        "generation by it, and without it by the dashboard alone",
    )
    cancel_request: CancelRequest
    endpoint: Words | None = Field(
        default=None,
        description="Part of the address that the app's own requests go to; that of cancel_request if not set",
    )
    busy: tuple[Words, ...] = Field(default=(), description="CSS of covers that mean, on any screen: not ready yet")

    @model_validator(mode="after")
    def _provable(self) -> Self:
        if "{store_id}" in self.order_route:
            if "{store_id" not in (self.store_route or ""):
                raise ValueError("order_route has {store_id}, which a store_route with {store_id} must give")
        elif "{row_id}" not in self.order_route:
            raise ValueError("order_route has neither {store_id} nor {row_id}: nothing would prove whose page it is")
        if self.way.confirm_on == "cancel_page" and not (
            "{row_id}" in self.order_route and "{row_id}" in (self.cancel_route or "")
        ):
            raise ValueError("with confirm_on cancel_page, order_route and cancel_route have {row_id}")
        return self

    @property
    def mutation(self) -> str:
        """Name of the GraphQL mutation that cancels; empty if a form does."""
        return (self.cancel_request.body or "") if self.way.confirm_on == "cancel_dialog" else ""

    @property
    def has_app(self) -> bool:
        """Whether stores and orders are listed by an app in the page, which asks its endpoint for them."""
        return self.way.orders == "dashboard"

    @property
    def app_endpoint(self) -> str:
        """Part of the address that the app's own requests go to; empty if there is no app, or if it is not known."""
        return self.endpoint or (self.cancel_request.address if self.mutation else "")

    @model_validator(mode="after")
    def _names_its_mutation(self) -> Self:
        if self.way.confirm_on == "cancel_dialog" and not self.cancel_request.body:
            raise ValueError("with confirm_on cancel_dialog, cancel_request has the mutation's name as its body")
        return self

    @model_validator(mode="after")
    def _complete(self) -> Self:
        distinct_terms(self.statuses, self.reasons)
        return self


def distinct_terms(statuses: Mapping[Status, tuple[str, ...]], reasons: Mapping[Reason, str]) -> None:
    """Make sure that there are words for every status and reason, and that none are used for two.

    Raises:
        ValueError: with what is wrong.
    """
    for kind, words in (
        ("status", [status for status, texts in statuses.items() if texts]),
        ("reason", list(reasons)),
    ):
        missing = [str(term) for term in (Status if kind == "status" else Reason) if term not in words]
        if missing:
            raise ValueError(f"no words for {kind} {', '.join(missing)}")
    shown = [text for texts in statuses.values() for text in texts]
    if len(set(shown)) != len(shown) or len(set(reasons.values())) != len(reasons):
        raise ValueError("the same words are used for two different statuses or reasons")
