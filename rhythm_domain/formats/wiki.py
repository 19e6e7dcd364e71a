"""Jira's wiki markup to Markdown; pure.

The markup is that of Jira's "Text formatting notation help": blocks in braces, `h1.` headings, `*#-` lists,
`||` tables, and `*bold*`, `_italic_`, `[text|address]` and their kin inside a line. What is not understood
stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_NOBODY: Mapping[str, str] = MappingProxyType({})

_OPENING = re.compile(r"\{(code|noformat|quote|panel)(?::([^}\n]*))?\}")
_WORD = re.compile(r"\S")
_HEADING = re.compile(r"h([1-6])\. +(.*)")
_LIST = re.compile(r"([*#]+|-) +(.*)")
_TABLE_ROW = re.compile(r"\|.*\|\s*")
_CELL_EDGE = re.compile(r"\|(?![^\[\]]*\])")
_HEADER_EDGE = re.compile(r"\|+(?![^\[\]]*\])")

_SPAN = 1_000  # No markup inside a line is longer: it bounds the search for its end.


def _between(mark: str) -> str:
    """The pattern of a text between two marks that touch it and no word outside."""
    return rf"(?<![\w{mark}])\{mark}(?=[^\s\{mark}])(.{{1,{_SPAN}}}?)(?<=\S)\{mark}(?![\w{mark}])"


# Alternatives in the order in which they are tried at each place of a line.
_INLINE = re.compile(
    "|".join(
        (
            r"(?P<newline>\\\\(?=\s|$))",
            r"\\(?P<escaped>[{}\[\]*_+^~!|?#\-\\])",
            rf"\{{\{{(?P<mono>.{{1,{_SPAN}}}?)\}}\}}",
            r"(?P<dropped>\{(?:color|anchor|toc)(?::[^}\n]{0,200})?\})",
            r"\[~(?:accountid:)?(?P<mention>[^\]\s]{1,200})\]",
            r"\[\^(?P<attachment>[^\[\]\n]{1,500})\]",
            r"\[(?:(?P<label>[^\[\]|\n]{1,1000})\|)?(?P<address>(?:[a-z][a-z+.\-]{1,15}:|/)[^\]|\s]{1,2000})"
            r"(?:\|[^\]\n]{0,100})?\]",
            r"\[(?P<anchored>[^\[\]|\n]{1,500})\|#[^\]\n]{0,500}\]",
            r"!(?P<image>[^\s!|][^!|\n]{0,500}\.\w[^!|\n\s]{0,500})(?:\|[^!\n]{0,200})?!",
            r"(?P<bare>\b(?:https?|ftp)://[^\s|\]{}]+)",
            rf"\{{(?P<brace>[*_+\-])\}}(?P<braced>.{{1,{_SPAN}}}?)\{{(?P=brace)\}}",
            f"(?P<bold>{_between('*')})",
            f"(?P<italic>{_between('_')})",
            f"(?P<struck>{_between('-')})",
            f"(?P<inserted>{_between('+')})",
            rf"\?\?(?P<cited>[^?\n]{{1,{_SPAN}}})\?\?",
            r"(?P<special>[`*]|<(?=[A-Za-z/!]))",
        )
    )
)
_MARKED = re.compile(r"[\\{\[!*_\-+?`<]")  # Without one of these a line holds no markup.
_WRAPPED = {"bold": "**", "italic": "*", "struck": "~~", "inserted": ""}
_BRACES = {"*": "**", "_": "*", "-": "~~", "+": ""}
_DEEPEST = 6


def markdown(wiki: str, people: Mapping[str, str] = _NOBODY) -> str:
    """The text as Markdown. `people` maps account ids to the names that mentions should show."""
    wiki = wiki.replace("\r\n", "\n").replace("\r", "\n")
    blocks: list[str] = []
    position = line = seen = 0
    unclosed: set[str] = set()
    for opening in _OPENING.finditer(wiki):
        kind = opening[1]
        if opening.start() < position or kind in unclosed:
            continue
        end = wiki.find(f"{{{kind}}}", opening.end())
        if end < 0:
            unclosed.add(kind)
            continue
        content, after = wiki[opening.end() : end], end + len(kind) + 2
        line = max(line, wiki.rfind("\n", seen, opening.start()) + 1, position)
        seen = opening.start()
        begun = _WORD.search(wiki, line, seen) is not None
        if kind in {"code", "noformat"} and _inside_line(begun, content, wiki[after : after + 1]):
            continue
        blocks += [_lines(wiki[position:seen], people), _block(kind, opening[2] or "", content, people)]
        position = after
    blocks.append(_lines(wiki[position:], people))
    return "\n\n".join(block for block in (block.strip("\n") for block in blocks) if block.strip())


def _inside_line(begun: bool, content: str, after: str) -> bool:
    """Whether a code block is in the middle of a line, where it is code within the text."""
    return "\n" not in content and (begun or after not in {"", "\n"})


def _block(kind: str, options: str, content: str, people: Mapping[str, str]) -> str:
    if kind in {"code", "noformat"}:
        return _fenced(content, _language(options) if kind == "code" else "")
    inner = markdown(content, people)
    title = next((part[6:] for part in options.split("|") if part.startswith("title=")), "")
    quoted = f"**{title}**\n\n{inner}" if title else inner
    return "\n".join(f"> {line}".rstrip() for line in quoted.split("\n"))


def _language(options: str) -> str:
    named = (part.removeprefix("language=") for part in options.split("|"))
    return next((part.strip().lower() for part in named if part and "=" not in part), "")


def _fenced(content: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", content)), default=2)
    fence = "`" * (longest + 1)
    body = content.strip("\n")
    return f"{fence}{language}\n{body}\n{fence}"


def _lines(wiki: str, people: Mapping[str, str]) -> str:
    """Headings, lists, tables and paragraphs. A line end in a paragraph is a line break, as Jira shows it."""
    out: list[str] = []
    previous = ""
    for line in wiki.split("\n"):
        kind, shown = _line(line.strip().removesuffix("\\\\").rstrip(), people, in_table=previous == "table")
        if kind in {"table", "heading", "rule"} and previous not in {"", kind}:
            out.append("")
        elif kind == "text" and previous == "text":
            out[-1] += "  "
        elif kind == "text" and previous in {"table", "quote", "heading"}:
            out.append("")
        out += shown
        previous = kind
    return "\n".join(out)


def _line(line: str, people: Mapping[str, str], *, in_table: bool) -> tuple[str, list[str]]:
    """The kind of a line (empty for a blank one) and what it becomes."""
    if not line:
        return "", [""]
    if found := _HEADING.fullmatch(line):
        return "heading", [f"{'#' * int(found[1])} {_inline(found[2], people)}"]
    if line.startswith("bq. "):
        return "quote", [f"> {_inline(line[4:], people)}"]
    if re.fullmatch(r"-{4,}", line):
        return "rule", ["---"]
    if found := _LIST.fullmatch(line):
        indent = "".join("   " if mark == "#" else "  " for mark in found[1][:-1])
        mark = "1." if found[1].endswith("#") else "-"
        return "list", [f"{indent}{mark} {_inline(found[2], people)}"]
    if _TABLE_ROW.fullmatch(line):
        return "table", _table_row(line, people, first=not in_table)
    return "text", [_paragraph_line(_inline(line, people))]


def _paragraph_line(line: str) -> str:
    return f"\\{line}" if line.startswith(">") else line


def _table_row(line: str, people: Mapping[str, str], *, first: bool) -> list[str]:
    """A row; below the first the line that Markdown wants under a header, which is empty if it has none."""
    header = line.startswith("||")
    parts = (_HEADER_EDGE if header else _CELL_EDGE).split(line)[1:-1]
    cells = [_inline(part.strip(), people).replace("|", "\\|").replace("  \n", " ") for part in parts]
    row = f"| {' | '.join(cells)} |"
    if not first:
        return [row]
    rule = "|" + " --- |" * len(cells)
    return [row, rule] if header else ["|" + "  |" * len(cells), rule, row]


def _inline(wiki: str, people: Mapping[str, str], depth: int = 0) -> str:
    def shown(found: re.Match[str]) -> str:
        return _shown(found, people, depth)

    if depth == _DEEPEST or not _MARKED.search(wiki):
        return wiki
    return _INLINE.sub(shown, _code_in_line(wiki))


def _code_in_line(wiki: str) -> str:
    """Code blocks within a line, as the monospaced text that they are there."""
    return re.sub(rf"\{{(code|noformat)(?::[^}}\n]*)?\}}(.{{1,{_SPAN}}}?)\{{\1\}}", r"{{\2}}", wiki)


def _shown(found: re.Match[str], people: Mapping[str, str], depth: int) -> str:
    kind, value = next((name, text) for name, text in found.groupdict().items() if text is not None)
    if kind == "newline":
        return "  \n"
    if kind == "mono":
        return f"`` {value} ``" if "`" in value else f"`{value}`"
    if kind == "dropped":
        return ""
    if kind == "mention":
        return f"@{people.get(value, value)}"
    if kind == "image":
        return f"![{value.rpartition('/')[2]}]({_target(value)})"
    if kind in {"label", "address"}:
        address = found["address"]
        label = found["label"]
        return f"[{_inline(label, people, depth + 1)}]({_target(address)})" if label else f"<{address}>"
    if kind == "brace":
        mark = _BRACES[value]
        return f"{mark}{_inline(found['braced'], people, depth + 1)}{mark}"
    if kind in _WRAPPED:
        mark = _WRAPPED[kind]
        return f"{mark}{_inline(value[1:-1], people, depth + 1)}{mark}"
    if kind == "cited":
        return f"*{_inline(value, people, depth + 1)}*"
    if kind in {"escaped", "special"}:
        return f"\\{value}" if value in "*_[]`<~#\\" else value
    return value


def _target(address: str) -> str:
    return f"<{address}>" if re.search(r"[\s()]", address) else address
