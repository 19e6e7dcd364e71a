"""What the teams of the demo wrote: the issues of the text files beside this, and words to go with them.

A line `# power` begins a component; `= ...` is something that was observed there. An issue is its type,
perhaps with `!` (high) or `!!` (urgent), and its title; indented ones belong to the epic above. Lines with
`>` are the description, in Markdown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from rhythm_domain.models import IssueType, Priority

_ISSUE = re.compile(r"(?P<indent> *)(?P<type>[a-z]+)(?P<marks>!{0,2}) (?P<title>.+)")
_MARKS = {"!!": Priority.URGENT, "!": Priority.HIGH}


@dataclass
class Story:
    """An issue as it was written; `epic` is the one that it belongs to."""

    title: str
    type: IssueType
    priority: Priority | None
    component: str
    observed: list[str]
    epic: Story | None
    description: list[str] = field(default_factory=list)


def read(name: str) -> list[Story]:
    """The stories of `name`.txt, each epic before its own."""
    stories: list[Story] = []
    component, epic = "", None
    observed: list[str] = []
    for line in Path(__file__).with_name(f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            component, observed = line[2:], []
        elif line.startswith("= "):
            observed.append(line[2:])
        elif line.lstrip().startswith(">"):
            stories[-1].description.append(line.lstrip().removeprefix(">").removeprefix(" "))
        elif match := _ISSUE.fullmatch(line):
            type_, priority = IssueType(match["type"]), _MARKS.get(match["marks"])
            above = epic if match["indent"] else None
            stories.append(Story(match["title"], type_, priority, component, observed, above))
            epic = stories[-1] if type_ is IssueType.EPIC else epic
    return stories


_PLACES = [
    "Nordgrat",
    "Altmoor",
    "Hütte Sternfels",
    "Untere Halde",
    "Vallée-Noire",
    "Żarnów",
    "Сосновка",
    "霧ヶ谷",
]

_DESCRIPTIONS = {
    IssueType.BUG: (
        "{observed}\n\nFirst seen with `{version}` at {place}.",
        "**What happens**\n\n{observed}\n\n**What should happen**\n\nNothing that anybody notices.",
        "{observed} Reproduced at {place} with `{version}`, not with the version before.",
        "1. install `{version}`\n2. wait for the next full hour\n3. compare with {place}\n\n{observed}",
    ),
    IssueType.FEATURE: (
        "Asked for by the people at {place}, and not for the first time.\n\n- [ ] works\n- [ ] tested"
        "\n- [ ] in `docs/{component}.md`\n- [ ] in the change log",
        "**Why**\n\n{observed}\n\n**Not part of it**\n\nAnything that needs new hardware.",
        "See the discussion of last Thursday. In short: yes, but simple. After `{version}`.",
    ),
    IssueType.TASK: (
        "Half a day if nothing comes up. Notes go to `docs/{component}.md`.",
        "{observed}",
        "Ask the people at {place} first, they have done it before.",
    ),
    IssueType.CHORE: ("Before `{version}` goes out.",),
    IssueType.EPIC: (
        "What belongs to it is below. {observed}\n\nWe are done when {place} runs a month without us.",
    ),
}

_COMMENTS = (
    "Reproduced with `{version}`.",
    "Can't reproduce it here. Which version is it at {place}?",
    "I have a branch, `{component}/fix-{number}`. Review by tomorrow would be great.",
    "Looks good to me. One question in the review: what if the value is missing?",
    "{observed}",
    "Let's not do this before the release.",
    "Measured again over the weekend: gone.",
    "The people at {place} say it is better, but not gone.",
    "Same at {place} since `{version}`.",
    "Split the second half off, it is a story of its own.",
    "+1, this cost me an afternoon.",
    "Done in `{commit}`.",
    "Blocked until the new boards are here. The supplier says week 41.",
    "Added a test that fails without the fix.",
    "> Which version is it?\n\n`{version}`, fresh from the build.",
    "Log of last night:\n\n```\n[03:58:12] {component}: retry 1\n[03:58:42] {component}: gave up\n```",
    "Посмотрю завтра утром, похоже на старую историю из 2.2.",
    "Воспроизвёл у себя, лог приложу вечером.",
    "こちらでも再現しました。修正は `{commit}` に入れました。",
    "Ça marche chez moi depuis `{version}`.",
)


def description(story: Story, version: str, dice: Random) -> str:
    """What the issue says: its own words, or some that fit; in three of ten nothing."""
    if story.description:
        return "\n".join(story.description)
    if dice.random() < 0.3:
        return ""
    return _said(dice.choice(_DESCRIPTIONS[story.type]), story, version, dice)


def comment(story: Story, version: str, dice: Random) -> str:
    """What somebody says about it."""
    return _said(dice.choice(_COMMENTS), story, version, dice)


def _said(template: str, story: Story, version: str, dice: Random) -> str:
    return template.format(
        observed=dice.choice(story.observed),
        version=version,
        place=dice.choice(_PLACES),
        component=story.component,
        number=dice.randrange(10, 90),
        commit=f"{dice.getrandbits(28):07x}",
    )
