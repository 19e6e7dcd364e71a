"""What a person sees who calls `rhythm` alone: their projects, and what to type next."""

from __future__ import annotations

import asyncio

from rhythm_tui.cli.context import Context
from rhythm_tui.cli.errors import Exit, report


def open_app() -> int:
    """Shows the projects; the exit code."""
    try:
        asyncio.run(_projects(Context()))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last place where it can be said
        return report(error, as_json=False)
    return Exit.DONE


async def _projects(context: Context) -> None:
    from rhythm_tui.cli.commands.project import COLUMNS

    async with context.session() as session:
        projects = await session.projects.list()
    out = context.out
    out.table(COLUMNS, projects, empty="There is no project yet.")
    first = projects[0].key if projects else "CORE"
    if not projects:
        out.note(f'Begin with:  rhythm project create {first} "Our product"')
    out.note(f'Then try:    rhythm issue create {first} "The first issue"')
    out.note("See also:    rhythm --help")
