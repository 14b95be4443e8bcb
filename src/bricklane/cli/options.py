"""Options that several commands share."""

from __future__ import annotations

import click

plan_option = click.option("--plan", is_flag=True, help="Say what would be done, and do nothing.")
