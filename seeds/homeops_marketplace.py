"""The marketplace of the household: offers, sales shared to the cent, posts."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID, uuid5

from rollout.seeding import Rows
from seeds.homeops_rows import SPACE, Members, Row, at, before

CREATORS = ("id", "user_id", "handle", "display_name", "bio", "created_at")
METHODS = ("creator_id", "account_id", "minimum_amount", "created_at")
LISTINGS = (
    "id", "creator_id", "slug", "kind", "title", "description", "tags", "price",
    "stock", "status", "published_at", "created_at",
)  # fmt: skip
SHARES = ("listing_id", "creator_id", "share_bp", "created_at")
ORDERS = (
    "id", "buyer_id", "status", "total", "payment_reference", "placed_at", "paid_at",
    "refunded_at",
)  # fmt: skip
LINES = ("id", "order_id", "listing_id", "quantity", "unit_price", "amount", "fee")
PAYOUTS = (
    "id", "creator_id", "currency", "amount", "status", "account_id", "until",
    "sent_at", "created_at",
)  # fmt: skip
EARNINGS = (
    "id", "line_id", "creator_id", "kind", "currency", "amount", "payout_id",
    "earned_at",
)  # fmt: skip
REVIEWS = ("id", "listing_id", "user_id", "rating", "body", "status", "created_at")
POSTS = (
    "id", "author_id", "parent_id", "listing_id", "kind", "title", "body", "status",
    "published_at", "created_at",
)  # fmt: skip
REACTIONS = ("post_id", "user_id", "kind", "created_at")
REPORTS = (
    "id", "reporter_id", "post_id", "reason", "note", "status", "decided_by",
    "decided_at", "created_at",
)  # fmt: skip

CENT = Decimal("0.01")
OFFERS = (
    ("away-lights", "automation", "Lights while you are away", "{lights,holiday}",
     "4.99", None, "published"),
    ("energy-board", "dashboard", "Where the power goes", "{energy,meter}", "7.50",
     None, "published"),
    ("quiet-evenings", "playlist", "Quiet evenings", "{music}", "0", None,
     "published"),
    ("used-sensor", "device", "Door sensor, used for a year", "{sensor}", "12.00",
     2, "in_review"),
    ("boiler-guide", "guide", "Set up a boiler to save a fifth", "{heating,energy}",
     "3.00", None, "draft"),
)  # fmt: skip


def key(what: str) -> UUID:
    """The id of something that is nobody's own."""
    return uuid5(SPACE, f"marketplace {what}")


class Sale(NamedTuple):
    """An order of one offer; what of it creators earn is shared six to four."""

    name: str
    buyer: UUID
    slug: str
    price: Decimal
    ago: int
    status: str

    @property
    def fee(self) -> Decimal:
        """A tenth, to the cent."""
        return (self.price / 10).quantize(CENT)

    def shares(self, members: Members) -> tuple[tuple[UUID, Decimal], ...]:
        """Who earns what; both add up to what the fee leaves."""
        net = self.price - self.fee
        first = net if self.slug != "energy-board" else (net * 6 / 10).quantize(CENT)
        seller = members[0].key("creator")
        rest = net - first
        return ((seller, first), *(((key("creator"), rest),) if rest else ()))


def sales(members: Members, days: int) -> Iterator[Sale]:
    """A purchase a month and offer; the first is refunded, the last not paid yet."""
    prices = {slug: Decimal(price) for slug, *_, price, _, _ in OFFERS}
    for member in members[1:]:
        every = [(ago, slug) for ago in range(5, days, 30) for slug in
                 ("away-lights", "energy-board")]  # fmt: skip
        for number, (ago, slug) in enumerate(every):
            last = len(every) - 1
            status = {0: "pending", last: "refunded"}.get(number, "paid")
            yield Sale(
                f"order {member.email} {slug} {ago}", member.key("user"), slug,
                prices[slug], ago, status,
            )  # fmt: skip


def of_household(members: Members, days: int) -> list[Rows]:
    """Rows of the tables of the marketplace."""
    tables = (
        ("creators", CREATORS, lambda: creators(members)),
        ("payout_methods", METHODS, lambda: methods(members)),
        ("listings", LISTINGS, lambda: listings(members)),
        ("revenue_shares", SHARES, lambda: shares(members)),
        ("orders", ORDERS, lambda: orders(members, days)),
        ("order_lines", LINES, lambda: lines(members, days)),
        ("payouts", PAYOUTS, lambda: payouts(members, days)),
        ("earnings", EARNINGS, lambda: earnings(members, days)),
        ("reviews", REVIEWS, lambda: reviews(members)),
        ("posts", POSTS, lambda: posts(members)),
        ("post_reactions", REACTIONS, lambda: reactions(members)),
        ("content_reports", REPORTS, lambda: reports(members)),
    )
    return [
        Rows(f"marketplace.{name}", columns, make) for name, columns, make in tables
    ]


def creators(members: Members) -> Iterator[Row]:
    """The first member, and somebody of another household."""
    since = at(before(300))
    yield (
        members[0].key("creator"), members[0].key("user"), "house-tinker",
        "House Tinker", "Automations that stay out of the way", since,
    )  # fmt: skip
    yield key("creator"), None, "grid-watcher", "Grid Watcher", None, since


def methods(members: Members) -> Iterator[Row]:
    """To the checking account, from five dollars on."""
    owner = members[0]
    yield owner.key("creator"), owner.key("checking"), Decimal(5), at(before(299))


def listings(members: Members) -> Iterator[Row]:
    """What the first member offers."""
    for slug, kind, title, tags, price, stock, status in OFFERS:
        yield (
            key(slug), members[0].key("creator"), slug, kind, title,
            f"{title}: works with what most houses have.", tags, Decimal(price), stock,
            status, at(before(250)) if status == "published" else None,
            at(before(255)),
        )  # fmt: skip


def shares(members: Members) -> Iterator[Row]:
    """The dashboard was made by two."""
    for creator, share in ((members[0].key("creator"), 6000), (key("creator"), 4000)):
        yield key("energy-board"), creator, share, at(before(252))


def orders(members: Members, days: int) -> Iterator[Row]:
    """Paid a minute after they were placed."""
    for sale in sales(members, days):
        day = before(sale.ago)
        paid = at(day, 18) if sale.status != "pending" else None
        back = at(before(sale.ago - 3), 9) if sale.status == "refunded" else None
        yield (
            key(sale.name), sale.buyer, sale.status, sale.price,
            f"pay-{key(sale.name).hex[:12]}" if paid else None, at(day, 17), paid, back,
        )  # fmt: skip


def lines(members: Members, days: int) -> Iterator[Row]:
    """One offer each."""
    for sale in sales(members, days):
        yield (
            key(f"line of {sale.name}"), key(sale.name), key(sale.slug), 1, sale.price,
            sale.price, sale.fee,
        )  # fmt: skip


def earnings(members: Members, days: int) -> Iterator[Row]:
    """All of the seller's but the last month's are in one payout."""
    for sale in sales(members, days):
        if sale.status == "pending":
            continue
        for creator, amount in sale.shares(members):
            kinds = (("sale", 1, 18), ("refund", -1, 9))
            for kind, sign, hour in kinds[: 1 + (sale.status == "refunded")]:
                ago = sale.ago - 3 * (kind == "refund")
                paid = creator == members[0].key("creator") and ago > 30
                yield (
                    key(f"{kind} {creator} {sale.name}"), key(f"line of {sale.name}"),
                    creator, kind, "USD", amount * sign,
                    key("payout") if paid else None, at(before(ago), hour),
                )  # fmt: skip


def payouts(members: Members, days: int) -> Iterator[Row]:
    """One, of what was earned more than a month ago."""
    owner = members[0]
    paid = [row for row in earnings(members, days) if row[6] is not None]
    if paid:
        until = before(30)
        yield (
            key("payout"), owner.key("creator"), "USD",
            sum((row[5] for row in paid), Decimal(0)), "sent", owner.key("checking"),
            at(until, 0), at(until, 4), at(until, 1),
        )  # fmt: skip


def reviews(members: Members) -> Iterator[Row]:
    """Of the others, one of them not looked at yet."""
    for number, member in enumerate(members[1:]):
        for slug, rating, body, status in (
            ("away-lights", 5, "The neighbours thought we were at home.", "visible"),
            ("energy-board", 4 - number, None, "pending"),
        ):
            yield (
                key(f"review {slug} {member.email}"), key(slug), member.key("user"),
                rating, body, status, at(before(20)),
            )  # fmt: skip


def posts(members: Members) -> Iterator[Row]:
    """A question with its answer, a guide in the making, and an advertisement."""
    owner, other = members[0].key("user"), members[1].key("user")
    for name, author, parent, offer, kind, title, body, status, ago in (
        ("question", other, None, "away-lights", "question", "Does it know the sunset?",
         "In June it is light until ten.", "visible", 40),
        ("answer", owner, "question", None, "answer", None,
         "It does: *settings*, then *sun*.", "visible", 39),
        ("guide", owner, None, None, "guide", "Ten things to measure first",
         "1. The fridge.", "draft", 10),
        ("advert", other, None, None, "showcase", "Cheap bulbs", "Buy here.",
         "removed", 30),
    ):  # fmt: skip
        yield (
            key(name), author, parent and key(parent), offer and key(offer), kind,
            title, body, status, at(before(ago)) if status != "draft" else None,
            at(before(ago)),
        )  # fmt: skip


def reactions(members: Members) -> Iterator[Row]:
    """The answer helped."""
    yield key("answer"), members[1].key("user"), "helpful", at(before(38))


def reports(members: Members) -> Iterator[Row]:
    """One upheld."""
    owner = members[0].key("user")
    yield (
        key("report"), owner, key("advert"), "spam", "Third time this week", "upheld",
        owner, at(before(28)), at(before(29)),
    )  # fmt: skip
