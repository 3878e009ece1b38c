"""The questions for a private message, which ``/message`` asks: for its recipients and its text."""

from collections.abc import Callable

from chatd.chat import events, names
from chatd.chat.commands import SendPrivate
from chatd.chat.errors import Refusal
from chatd.client.ui import UserInterface
from chatd.wire import frames, recipients
from chatd.wire.rendering import describe, escape


def describe_outcome(data: frames.OkData | None) -> list[str]:
    """The sentences about recipients that a private message did not reach, or that are away."""
    if data is None:
        return []
    sent = events.PrivateSent(data.time or 0, data.missed, away=data.away)
    return [escape(sentence) for sentence in describe(sent)]


def prompt_private_message(
    ui: UserInterface, send: Callable[[str, SendPrivate], None], not_sent: Callable[[str], None]
) -> None:
    """Ask the user for the recipients of a private message, then for its text.

    The text is never parsed as a typed line. If it were, a text that begins with ``@moon`` would go
    to moon, and one that begins with ``/`` might not go to anyone.

    :param send: called with the message as a line, as it could have been typed, and the command.
    :param not_sent: called with the reason if there is nothing to send.
    """

    def on_recipients(answer: str) -> None:
        try:
            to = recipients.read_recipients(answer)
        except Refusal as refusal:
            to, problem = (), str(refusal)
        else:
            problem = "no recipient."
        if to:
            ui.prompt(f"Message for {escape(', '.join(to))}?", lambda text: on_text(to, text))
            return
        not_sent(problem)
        if not ui.is_interactive:
            # The next line of a pipe is the text all the same, and must not go to everyone.
            ui.prompt(
                "The next line, the text of the message, will not be sent.",
                lambda text: not_sent("a text without a recipient."),
            )

    def on_text(to: tuple[str, ...], text: str) -> None:
        try:
            send(f"/msg {','.join(to)} {text}", SendPrivate(names.message_text(text), to))
        except Refusal as refusal:
            not_sent(str(refusal))

    ui.prompt("Recipients?", on_recipients)
