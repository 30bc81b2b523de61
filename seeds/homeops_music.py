"""Genres and moods of the household's music, as tags and an analyser found them."""

from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid5

from rollout.seeding import Rows
from seeds.homeops_rows import SPACE, Members, Row, at, before

GENRES = ("id", "kind", "name", "description")
MOODS = ("id", "name", "valence", "arousal")
ITEM_GENRES = ("item_id", "genre_id", "source", "weight")
ANALYSES = (
    "item_id", "mood_id", "mood_confidence", "valence", "arousal", "danceability",
    "tempo_bpm", "loudness_db", "musical_key", "analyser", "analysed_at",
)  # fmt: skip

OWN_GENRES = (
    ("music", "Porch music", "What we play on the porch"),
    ("video", "Slow cinema", "Long takes, little talk"),
)
OF = (
    ("Small Hours", "Porch music", "person", "1"),
    ("Tin Roof", "Porch music", "analysis", "0.7"),
    ("The Long Field", "Slow cinema", "person", "1"),
)
HEARD = (
    ("Small Hours", "0.81", "0.62", "0.22", "0.31", "78.4", "-14.2", "Am"),
    ("Tin Roof", "0.64", "0.71", "0.38", "0.55", "112.05", "-10.8", "G"),
)


def of_household(members: Members, days: int) -> list[Rows]:
    """Rows of the tables of genres and moods; the common ones are the history's."""
    return [
        Rows("media.genres", GENRES, genres, key=("kind", "name")),
        Rows("media.moods", MOODS, moods, key=("name",)),
        Rows("media.item_genres", ITEM_GENRES, lambda: item_genres(members)),
        Rows("media.track_analyses", ANALYSES, lambda: analyses(members)),
    ]


def genres() -> Iterator[Row]:
    """Two of the household's own."""
    for kind, name, description in OWN_GENRES:
        yield uuid5(SPACE, f"genre {name}"), kind, name, description


def moods() -> Iterator[Row]:
    """One of the household's own."""
    yield uuid5(SPACE, "mood homely"), "homely", Decimal("0.65"), Decimal("0.3")


def item_genres(members: Members) -> Iterator[Row]:
    """What is of which genre."""
    for title, genre, source, weight in OF:
        yield (
            members[0].key(title), uuid5(SPACE, f"genre {genre}"), source,
            Decimal(weight),
        )  # fmt: skip


def analyses(members: Members) -> Iterator[Row]:
    """Both tracks."""
    for title, *numbers, key in HEARD:
        yield (
            members[0].key(title), uuid5(SPACE, "mood homely"),
            *(Decimal(number) for number in numbers), key, "ears/1.4",
            at(before(90), 4),
        )  # fmt: skip
