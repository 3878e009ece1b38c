"""A private message that is asked for: to whom, and then what (SPEC §6, ``/message``).

What was meant for somebody never becomes a line: a line might be read as meant for somebody else.
"""

from collections.abc import Callable

from chatd.chat.commands import SendPrivate
from chatd.chat.names import message_text
from chatd.chat.refusals import Refusal
from chatd.client.screen import UserInterface
from chatd.wire.lines import escape


def prompt_private_message(
    ui: UserInterface, send: Callable[[str, SendPrivate], None], not_sent: Callable[[str], None]
) -> None:
    """Ask for the recipients, then for the text.

    :param send: gets the message, and how it would have been typed in one line.
    :param not_sent: gets the reason, if there is nothing to send.
    """

    def named(answer: str) -> None:
        to = _names(answer)
        if to:
            ui.prompt(f"What shall {escape(', '.join(to))} be told?", lambda text: told(to, text))
            return
        not_sent("no recipient.")
        if not ui.can_ask:
            # The next line of a pipe is the text all the same, and must not be said to everyone.
            ui.prompt("The text is left out.", lambda text: not_sent("a text for no recipient."))

    def told(to: tuple[str, ...], text: str) -> None:
        try:
            send(f"/msg {','.join(to)} {text}", SendPrivate(message_text(text), to))
        except Refusal as why:
            not_sent(str(why))

    ui.prompt("To whom?", named)


def _names(answer: str) -> tuple[str, ...]:
    # No nickname has an @, but many a person writes one.
    names = (name.removeprefix("@") for name in answer.replace(",", " ").split())
    return tuple(name for name in names if name)
