"""The steps that a person took in this app, over all projects: undo goes back along them, redo forth.

The database knows a person's changes by project. What `u` takes back is what was done last, wherever that
was: on a page of another project, or in several at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

LONGEST = 500
"""Steps that are remembered; before them undo goes by the project that is shown."""


@dataclass(slots=True)
class Step:
    """What was done at once: the operations that were sent, or the projects in which it was done again."""

    operations: list[UUID] = field(default_factory=list)
    projects: Sequence[str] = ()


class Trail:
    """What was done here and not taken back, and what was taken back since."""

    def __init__(self) -> None:
        self._done: deque[Step] = deque(maxlen=LONGEST)
        self._undone: deque[Sequence[str]] = deque(maxlen=LONGEST)
        self._together: Step | None = None

    def sent(self, operation: UUID) -> None:
        """Something is done. What was taken back before can't be done again by this."""
        self._undone.clear()
        if self._together is None:
            self._done.append(Step([operation]))
        else:
            self._together.operations.append(operation)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is done meanwhile is one step."""
        step = self._together = Step()
        self._done.append(step)
        try:
            yield
        finally:
            self._together = None

    def back(self) -> Step | None:
        """The latest step, taken from the trail: whoever goes back next goes to the one before. None at its
        beginning.
        """
        return self._done.pop() if self._done else None

    def again(self, step: Step) -> None:
        """Nobody went back after all: the step is the latest still."""
        self._done.append(step)

    def forth(self) -> Sequence[str]:
        """The projects of what was taken back last, taken from the trail; empty if nothing was."""
        return self._undone.pop() if self._undone else ()

    def did(self, projects: Sequence[str], *, redo: bool) -> None:
        """The latest step was taken back in these projects, or with `redo` done again. It is also how a step
        comes back on the trail on which nobody went after all.
        """
        if redo:
            self._done.append(Step(projects=projects))
        else:
            self._undone.append(projects)
