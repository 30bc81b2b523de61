"""Alembic's entry: `alembic.ini` says what the models are, `rollout` does the rest."""

from logging.config import fileConfig

from alembic import context

from rollout import environment

if context.config.config_file_name and context.config.cmd_opts:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

environment.run()
