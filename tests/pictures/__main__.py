"""`python -m tests.pictures` draws the pictures of the README anew, in an instance of its own."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from rhythm_domain.database import Database
from rhythm_domain.embedded.server import EmbeddedServer
from rhythm_domain.migrate import migrate
from tests.instances import Instance
from tests.pictures import demo
from tests.pictures.readme import FOLDER, SHOTS
from tests.servers import reachable_folder
from tests.tui.driver import Driver, opened


def main() -> None:
    folder = reachable_folder()
    server = EmbeddedServer(folder / "postgres", fsync=False, grace=10)
    try:
        conninfo = server.start()
        migrate(conninfo)
        demo.fill(conninfo)
        with demo.at_rest():
            for name, picture in asyncio.run(_all(demo.stopped(conninfo), folder)).items():
                (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")
                print(f"tests/pictures/{name}.svg")
    finally:
        server.stop()
        shutil.rmtree(folder)


async def _all(conninfo: str, folder: Path) -> dict[str, str]:
    database = Database(conninfo, max_size=4)
    try:
        with psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as sql:
            session = Instance(database, sql).known(demo.OWNER)

        def open_(**options: Any) -> AbstractAsyncContextManager[Driver]:
            return opened(conninfo, session, folder / "state", alone=True, **options)

        return {name: await shot.draw(open_) for name, shot in SHOTS.items()}
    finally:
        await database.close()


if __name__ == "__main__":
    main()
