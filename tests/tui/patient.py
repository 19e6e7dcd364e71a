"""`rhythm`, with more patience for what a key began: on a busy machine that is no database that is gone."""

from __future__ import annotations

import os

from rhythm_tui.terminal.environment import shut

if __name__ == "__main__":
    shut(os.environ)  # Before Textual is imported.

    from rhythm_tui.__main__ import main
    from rhythm_tui.terminal import key_order

    key_order.PATIENCE = 60.0
    main()
