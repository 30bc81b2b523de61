"""The assistant of the household: conversations, vectors, predictions."""

import hashlib
import random
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from uuid import UUID, uuid5

from rollout.seeding import Rows
from seeds.homeops_rows import SPACE, WORKS, Members, Row, at, before

CONVERSATIONS = (
    "id", "user_id", "title", "assistant", "last_message_at", "created_at",
)  # fmt: skip
MESSAGES = (
    "id", "conversation_id", "user_id", "position", "role", "content", "token_count",
    "sent_at",
)  # fmt: skip
OF_MESSAGES = ("message_id", "model_id", "user_id", "embedding", "created_at")
OF_ITEMS = ("item_id", "model_id", "source_text", "embedding", "created_at")
MODELS = (
    "id", "name", "version", "algorithm", "parameters", "trained_from",
    "trained_until", "is_active", "created_at",
)  # fmt: skip
FORECASTS = (
    "id",
    "model_id",
    "user_id",
    "metric",
    "step_days",
    "made_on",
    "created_at",
)
POINTS = (
    "forecast_id", "horizon", "target_on", "value", "lower_bound", "upper_bound",
    "actual", "actual_at",
)  # fmt: skip
ACCURACIES = (
    "model_id", "metric", "horizon", "point_count", "mean_error",
    "mean_absolute_error", "coverage", "measured_at",
)  # fmt: skip

MODEL = UUID(hashlib.md5(b"ai.embedding_models all-MiniLM-L6-v2").hexdigest())  # noqa: S324
"""As revision 061 names it."""
DIMENSION = 384
TALKS = (
    ("Heating", (
        ("user", "Why was the heating on all night?"),
        ("assistant", "The thermostat was set to 23 degrees at nine in the evening."),
        ("user", "Set the heating to 19 degrees at night from now on."),
        ("assistant", "Done: 19 degrees from ten in the evening to six."),
    )),
    ("Money", (
        ("user", "How much did we spend on groceries last month?"),
        ("assistant", "You spent 412.35 dollars on groceries in May."),
        ("user", "And in restaurants?"),
        ("assistant", "You spent 187.20 dollars in restaurants."),
    )),
    ("Films", (
        ("user", "A film with trains for tonight?"),
        ("assistant", "Night Train, by S. Lindqvist, is in your library."),
    )),
)  # fmt: skip
HORIZONS, FOUR = range(1, 8), Decimal("0.0001")


@cache
def direction(word: str) -> tuple[float, ...]:
    """A direction of its own for each word."""
    chance = random.Random(f"word {word}")
    return tuple(chance.gauss(0, 1) for _ in range(DIMENSION))


def vector(text: str) -> str:
    """The sum of the words' directions: texts with words in common are near."""
    words = [direction(word) for word in re.findall(r"[a-z0-9]+", text.lower())]
    return f"[{','.join(f'{sum(column):.4f}' for column in zip(*words, strict=True))}]"


def of_household(members: Members, days: int) -> list[Rows]:
    """Rows of the tables of schema ai."""
    tables = (
        ("conversations", CONVERSATIONS, lambda: conversations(members)),
        ("messages", MESSAGES, lambda: messages(members)),
        ("message_embeddings", OF_MESSAGES, lambda: of_messages(members)),
        ("item_embeddings", OF_ITEMS, lambda: of_items(members)),
        ("prediction_models", MODELS, lambda: models(days)),
        ("forecasts", FORECASTS, lambda: forecasts(members)),
        ("forecast_points", POINTS, lambda: points(members)),
        ("forecast_accuracies", ACCURACIES, lambda: accuracies(members)),
    )
    return [Rows(f"ai.{name}", columns, make) for name, columns, make in tables]


def conversations(members: Members) -> Iterator[Row]:
    """The same three talks for everybody."""
    for member in members:
        for ago, (title, _) in enumerate(TALKS, 2):
            begun = at(before(ago), 19)
            yield (
                member.key(f"talk {title}"), member.key("user"), title, "house-llm/3",
                begun, begun,
            )  # fmt: skip


def messages(members: Members) -> Iterator[Row]:
    """What was said in them."""
    for member in members:
        for ago, (title, said) in enumerate(TALKS, 2):
            for position, (role, content) in enumerate(said, 1):
                yield (
                    member.key(f"message {title} {position}"),
                    member.key(f"talk {title}"), member.key("user"), position, role,
                    content, len(content) // 4, at(before(ago), 19),
                )  # fmt: skip


def of_messages(members: Members) -> Iterator[Row]:
    """A vector each."""
    for message, _, user, _, _, content, _, sent in messages(members):
        yield message, MODEL, user, vector(content), sent


def of_items(members: Members) -> Iterator[Row]:
    """By title, kind and creator."""
    for title, kind, creator, *_ in WORKS:
        text = f"{title}, {kind} by {creator}"
        yield members[0].key(title), MODEL, text, vector(text), at(before(60))


def models(days: int) -> Iterator[Row]:
    """Two trainings, of which the second is in use."""
    for version, until in ((1, 60), (2, 30)):
        yield (
            uuid5(SPACE, f"spending model {version}"), "spending", version,
            "seasonal-mean", '{"season_days": 7}', before(max(days, 61)),
            before(until), version == 2, at(before(until - 1), 3),
        )  # fmt: skip


def forecasts(members: Members) -> Iterator[Row]:
    """Once a week for everybody, the last one on the last day."""
    for member in members:
        for ago in (0, 7, 14, 21):
            yield (
                member.key(f"forecast {ago}"), uuid5(SPACE, "spending model 2"),
                member.key("user"), "spending_usd", 1, before(ago), at(before(ago), 23),
            )  # fmt: skip


def points(members: Members) -> Iterator[Row]:
    """A week each; what came is known up to the last day."""
    for member in members:
        chance = random.Random(f"spending of {member.email}")
        for ago in (0, 7, 14, 21):
            for horizon in HORIZONS:
                value = Decimal(chance.randint(30_0000, 55_0000)) * FOUR
                came = Decimal(chance.randint(20_00, 65_00)) / 100
                known = horizon <= ago
                yield (
                    member.key(f"forecast {ago}"), horizon, before(ago - horizon),
                    value, value - 15, value + 15, came if known else None,
                    at(before(ago - horizon), 23) if known else None,
                )  # fmt: skip


def accuracies(members: Members) -> Iterator[Row]:
    """Measured by the same rule as ai.measure_forecasts()."""
    known = [row for row in points(members) if row[6] is not None]
    for horizon in HORIZONS:
        these = [row for row in known if row[1] == horizon]
        errors = [value - came for _, _, _, value, _, _, came, _ in these]
        within = sum(low <= came <= high for _, _, _, _, low, high, came, _ in these)
        yield (
            uuid5(SPACE, "spending model 2"), "spending_usd", horizon, len(these),
            round(sum(errors) / len(errors), 4),
            round(sum(map(abs, errors)) / len(errors), 4),
            round(Decimal(within) / len(these), 6), at(before(0), 23),
        )  # fmt: skip
