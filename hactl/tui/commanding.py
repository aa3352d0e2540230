"""The key that opens the command line, and what becomes of its input. Running a command is `command_line`."""

from textual.app import App

from hactl.tui.appearance import Appearance
from hactl.tui.command_line import CommandLine, Inside
from hactl.tui.screens.page import Page
from hactl.tui.widgets.prompt import Prompt


class Commanding(App[None]):
    """A console in which commands are typed."""

    _appearance: Appearance
    _command_line: CommandLine

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A colon in a line that is being typed is a colon."""
        if isinstance(self.screen, Page):
            return self.screen.check_action(action, parameters)
        return action != "command"

    def words(self) -> dict[str, Inside]:
        """What is typed about the console itself."""
        leave = Inside(act=lambda _: self.call_later(self.run_action, "quit"))
        return {"theme": Inside(act=self.action_theme, choices=self._appearance.names), "quit": leave, "q": leave}

    def action_theme(self, name: str) -> None:
        """Look otherwise."""
        self._appearance.choose(name)

    def action_command(self, typed: str = "") -> None:
        """Type a command, of which the beginning may be given."""
        if isinstance(self.screen, Page):
            self.screen.add_class("typing")
            self.screen.prompt.open(typed)

    def on_prompt_left(self) -> None:
        """Nothing was typed."""
        if isinstance(self.screen, Page) and not self.screen.prompt.display:  # it may have been opened again meanwhile
            self.screen.remove_class("typing")
            self.screen.take_keys()

    def on_prompt_entered(self, message: Prompt.Entered) -> None:
        """A command, or a way out."""
        self.on_prompt_left()
        self.run_worker(self._command_line.run(message.text), group="shell", exit_on_error=False)
