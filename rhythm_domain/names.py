"""Names that were read from the database and are kept, for as long as none of them changes; pure.

Lists show the same few people, projects, labels and sprints, page after page. With a person's rights the
guard reads which version of all names its transaction sees (`instance.names_version`): what was read under
one is right for every transaction that sees the same. A write could see its own changes, or what others saved
since it began: it keeps none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from rhythm_domain.models import LabelRef, PersonRef


@dataclass(slots=True)
class Names:
    """The names of one version, as far as somebody asked for them, by id.

    `labels` are as `names_of_rows` has them; `labelled` are those of an issue, by their ids as text.
    """

    version: UUID | None = None
    projects: dict[int, str] = field(default_factory=dict)
    people: dict[int, PersonRef] = field(default_factory=dict)
    sprints: dict[int, str] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    labelled: dict[str, tuple[LabelRef, ...]] = field(default_factory=dict)
