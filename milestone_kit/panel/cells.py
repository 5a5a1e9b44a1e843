"""Which notebook cell opened which explorer: when the cell runs again, what it showed before is gone."""

from __future__ import annotations

import weakref
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from milestone_kit.panel.notebook import running_shell

if TYPE_CHECKING:
    from milestone_kit.panel.explorer import MilestoneExplorer

__all__ = ["CellOwners"]


class CellOwners:
    """Closes the explorers of a cell that has run again, unless the user still has them by a name.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        Whose cells these are; `get_parent` of a kernel's shell tells which one runs.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._opened: defaultdict[str, list[weakref.ref[MilestoneExplorer]]] = defaultdict(list)
        self._new: list[weakref.ref[MilestoneExplorer]] = []
        shell.events.register("post_run_cell", self._after_cell)

    @classmethod
    def here(cls) -> CellOwners | None:
        """Return those of the running notebook; None outside of one."""
        shell = running_shell()
        if shell is None or not hasattr(shell, "get_parent"):
            return None
        known: CellOwners | None = getattr(shell, "_milestone_kit_cells", None)
        if known is None:
            known = shell._milestone_kit_cells = cls(shell)  # noqa: SLF001 - one for each shell, gone with it
        return known

    def add(self, explorer: MilestoneExplorer) -> None:
        """Note that the running cell has opened an explorer."""
        self._new.append(weakref.ref(explorer))

    def _after_cell(self, _result: Any) -> None:
        new, self._new = self._new, []
        cell = self._shell.get_parent().get("metadata", {}).get("cellId")
        if cell is None:
            return
        named = [value for name, value in self._shell.user_ns.items() if not name.startswith("_")]
        kept = []
        for one in self._opened.pop(cell, []):
            explorer = one()
            if explorer is not None and any(value is explorer for value in named):
                kept.append(one)
            elif explorer is not None:
                explorer.close()
        if kept or new:
            self._opened[cell] = kept + new
