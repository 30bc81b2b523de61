"""What ``--config``, ``--schema`` and ``-x`` say, checked before anything connects."""

import configparser
import difflib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from alembic.config import Config

from rollout.errors import RolloutError
from rollout.settings import Settings


def configuration(config_file: str, section: str) -> Config:
    """The section of the file.

    Raises:
        RolloutError: There is no such file or section, or it cannot be read.
    """
    if not Path(config_file).is_file():
        raise RolloutError(
            f"there is no {config_file} here.\n"
            "Nothing was changed; no connection was tried.\n"
            "It says where the revisions are. Run this in the project's directory, or\n"
            "name the file: --config PATH/alembic.ini"
        )
    config = Config(config_file, ini_section=section)
    try:
        _ = config.file_config
    except (configparser.Error, UnicodeDecodeError) as error:
        raise RolloutError(
            f"{config_file} cannot be read: {str(error).splitlines()[0]}\n"
            "Nothing was changed; no connection was tried.\n"
            "It is no alembic.ini, or not written in this locale's encoding.\n"
            "Mend it, or name another one: --config PATH/alembic.ini"
        ) from None
    if not config.file_config.has_option(section, "script_location"):
        sections = [
            name
            for name in config.file_config.sections()
            if config.file_config.has_option(name, "script_location")
        ]
        raise RolloutError(
            f"{config_file} has no schema {section!r}.\n"
            "Nothing was changed; no connection was tried.\n"
            "A schema is a section with script_location in it. There "
            f"{'are' if len(sections) > 1 else 'is'} {', '.join(sections) or 'none'}.\n"
            f"Choose one: --schema {sections[0] if sections else 'NAME'}"
        )
    return config


def given_settings(x: Sequence[str]) -> dict[str, str]:
    """``-x`` arguments as settings.

    Raises:
        RolloutError: One is not NAME=VALUE, or there is no such setting.
    """
    known = [field.name for field in fields(Settings)]
    given = {}
    for argument in x:
        name, equals, value = argument.partition("=")
        if name not in known or not equals:
            close = difflib.get_close_matches(name, known, n=1)
            raise RolloutError(
                f"-x {argument} is not a setting.\n"
                "Nothing was changed; no connection was tried.\n"
                f"Settings are NAME=VALUE with one of: {', '.join(known)}.\n"
                f"Try: -x {close[0] if close else 'lock_wait_s'}=60"
            )
        given[name] = value
    return given


@contextmanager
def in_environment(settings: dict[str, Any]) -> Iterator[None]:
    """Give settings to env.py, which reads them from the environment."""
    names = {f"ROLLOUT_{name.upper()}": value for name, value in settings.items()}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
