"""A project's name and description in a form."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from rhythm_domain.errors import Conflict
from rhythm_domain.models import Project
from rhythm_tui.screens.form import Entry, Form, Values
from rhythm_tui.screens.settling import Ground, settle
from rhythm_tui.screens.work import WorkScreen


async def edit_project(screen: WorkScreen, project: Project) -> Project | None:
    """Asks for other texts of a project; it afterwards, None if it was left as it is. What somebody else
    changed meanwhile is written over only if that is wanted.
    """
    desk, projects, key = screen.desk, screen.desk.session.projects, project.key

    async def read() -> Ground:
        texts = await projects.show(key)
        return Ground(texts.version, {"name": texts.name, "description": texts.description})

    async def save(wanted: dict[str, str], version: int, operation: UUID) -> Project:
        return await projects.edit(key, **wanted, base_version=version, operation=operation)

    before = await read()
    ground: Ground | None = None

    async def accept(values: Values) -> Project:
        nonlocal ground
        ground = ground or before.as_kept(values)
        wanted = {name: values[name] for name, text in ground.texts.items() if values[name] != text}
        while wanted:
            try:
                return await desk.edits.run(partial(save, wanted, ground.version))
            except Conflict as conflict:
                await settle(screen, ground, wanted, await read(), conflict.by)
        return await projects.show(key)

    return await screen.app.push_screen_wait(
        Form(
            f"Edit {key}",
            [
                Entry("name", "Name", before.texts["name"]),
                Entry("description", "Description", before.texts["description"], lines=8),
            ],
            accept,
            drafts=desk.drafts,
            draft=f"project {project.id}",
            base=before.kept,
        )
    )
