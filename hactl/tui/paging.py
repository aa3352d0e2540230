"""Which screen is shown, and whom it is about. The screens themselves are `screens`, their digits are `bindings`."""

from abc import abstractmethod

from textual.app import App

from hactl.core.model import Fleet
from hactl.tui.picture import Picture
from hactl.tui.region_facts import members
from hactl.tui.screens.one import OneOf
from hactl.tui.screens.page import Page


class Paging(App[None]):
    """A console with several screens."""

    picture: Picture

    @abstractmethod
    def _draw(self) -> None:
        """Show what is known."""

    @property
    def chosen(self) -> str:
        """The process that keys are about; "" where the screen has none."""
        return self.screen.chosen if isinstance(self.screen, Page) else ""

    def action_page(self, name: str) -> None:
        """Another screen; about the process that is chosen, where it is about one."""
        chosen, page = self.chosen, self.get_screen(name)
        if isinstance(page, OneOf) and (self._is_process(chosen) or (name == "node" and self._is_head(chosen))):
            page.turn_to(chosen)
        if self.screen is not page:
            self.switch_screen(name)
        self.call_after_refresh(self._draw)

    def on_line_table_chosen(self) -> None:
        """Enter on a row goes in."""
        if self._is_process(self.chosen) or self._is_head(self.chosen):
            self.action_page("node")

    @property
    def _fleet(self) -> Fleet:
        return self.picture.snapshot.fleet if self.picture.snapshot is not None else Fleet()

    def _is_process(self, name: str) -> bool:
        return name in self._fleet.nodes

    def _is_head(self, key: str) -> bool:
        return bool(members(self._fleet, key))
