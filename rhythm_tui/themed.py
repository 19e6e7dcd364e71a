"""An app in colours that are chosen: its themes, and how many colours the terminal has."""

from __future__ import annotations

import os

from textual.content import Content
from textual.theme import Theme

from rhythm_domain.errors import Invalid
from rhythm_domain.nearest import did_you_mean
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.themes import DARK, LIGHT, SIXTEEN, THEMES
from rhythm_tui.screens.picker import Choice, Picker
from rhythm_tui.terminal.guarded import COLOURS, GuardedApp

_VARIABLES: dict[str, tuple[Theme, dict[str, str]]] = {}
"""Themes by their names, and their variables."""


class ThemedApp(GuardedApp):
    """Has the themes of ours, and those of Textual's whose colours are known."""

    def __init__(self) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        for name in [name for name, theme in self.available_themes.items() if theme.ansi]:
            self.unregister_theme(name)  # The colours are the terminal's: we can't tell what is legible.

    def get_css_variables(self) -> dict[str, str]:
        """Those of Textual's, and how text looks that matters less: `$muted` and `$faint`, see `Colours`.

        They are asked for whenever a screen comes, and are worked out once in a process for each theme.
        """
        theme = self.current_theme
        known = _VARIABLES.get(theme.name)
        if known is None or known[0] is not theme:
            variables = super().get_css_variables()
            colours = Colours(variables, theme.dark)
            known = theme, variables | {name: colours.of(name) for name in ("muted", "faint")}
            _VARIABLES[theme.name] = known
        self.theme_variables = known[1]
        return self.theme_variables

    def theme_of(self, setting: str) -> str:
        """The theme of a setting; `auto` is what suits the terminal: its sixteen colours, or the light one
        where it says that its ground is light. Raises `Invalid` for one that there is not.
        """
        if setting == "auto":
            if not self.is_headless and self.console.color_system == "standard":
                return SIXTEEN
            ground = os.environ.get("COLORFGBG", "").rpartition(";")[2]
            return LIGHT if ground in ("7", "15") else DARK
        if setting not in self.available_themes:
            there_are = (
                f"There are {', '.join(theme.name for theme in THEMES)}; the app's palette shows more."
            )
            near = did_you_mean(setting, self.available_themes, there_are)
            raise Invalid(f"There is no theme {setting!r}.", field="theme", hint=near)
        return setting

    async def ask_for_theme(self) -> str | None:
        """The theme that the person chooses, shown from then on; None if it stays. Each that is looked at is
        shown meanwhile.
        """
        names = [theme.name for theme in THEMES]
        names += sorted(name for name in self.available_themes if name not in names)
        before = self.theme

        def preview(name: str) -> None:
            self.theme = name

        offered = [Choice(name, Content(name), name, name == before) for name in names]
        chosen = None
        try:
            chosen = await self.push_screen_wait(Picker("Theme", offered, looked_at=preview))
        finally:
            self.theme = chosen or before
        return chosen

    async def ask_for_colours(self, kept: str) -> str | None:
        """How many colours the terminal has, as the person says; a name of `COLOURS`, None if it stays."""
        offered = [Choice(name, Content(words), words, name == kept) for name, words in COLOURS.items()]
        return await self.push_screen_wait(Picker("Colours of your terminal", offered))
