"""What hosts do in the whole chat: KILL. Pure.

Source: https://modern.ircdocs.horse/#kill-message.
"""

from chatd.chat import order_commands
from chatd.chat.errors import Refusal
from chatd.wire.irc.client import Client, Steps, answer
from chatd.wire.irc.lines import Line
from chatd.wire.irc.refusals import not_enough, refused
from chatd.wire.irc.text import remove_formatting


def kill(client: Client, line: Line) -> Steps:
    """KILL: a member is taken out of the chat, as by ``/kick`` without a room."""
    if not line.params or not line.params[0]:
        return answer(not_enough(client, line.command))
    nickname, *reason = line.params
    result = yield order_commands.Kick(
        nickname, None, remove_formatting(reason[0]) if reason else ""
    )
    if isinstance(result, Refusal):
        return answer(refused(client, result, line.command, nickname))
    return answer()
