"""The port between the editor and the terminal's user interface."""

from typing import Protocol


class EditorOwner(Protocol):
    """The editor's reports to the terminal's user interface."""

    def line_entered(self, text: str) -> None:
        """The user has entered a line."""

    def prompt_answered(self, text: str) -> None:
        """The user has answered the prompt."""

    def choice_made(self, index: int) -> None:
        """The user has chosen from the list, with the arrow keys."""

    def recalled(self, text: str) -> str:
        """What the arrow keys recall of a line that the user enters; empty for nothing."""

    def quit_requested(self) -> None:
        """The user has pressed the key for leaving the chat."""

    def interrupt(self) -> None:
        """The user has pressed Ctrl-C, which is not a signal while the editor reads the keys."""

    def notify(self, message: str) -> None:
        """Show a notice of the editor to the user."""

    def completions(self, before: str) -> tuple[str, list[str]]:
        """The word at the end of `before`, and the words that it may become."""

    def view_requested(self, number: int) -> None:
        """The user wants to see the view with this number: 1, 2, 3 …"""

    def view_moved(self, by: int) -> None:
        """The user wants to see the view so many places behind the current one."""

    def page_moved(self, by: int) -> None:
        """The user wants to see what is so many pages below."""

    def arrivals_toggled(self) -> None:
        """The user wants to see each arrival, or all in one line again."""

    def transfer_stopped(self) -> None:
        """The user wants the file that is being sent or saved to be stopped."""

    def window_lost(self) -> None:
        """What the window shows is not known any more, or was written for another width."""
