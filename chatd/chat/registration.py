"""Why somebody at the door is refused; a branch of the tree in ``chat.refusals``."""

from chatd.chat.refusals import Refusal


class RegistrationRefusal(Refusal):
    """Something is wrong at the door."""


class BadVersion(RegistrationRefusal):
    """A version of the protocol that this server does not speak."""

    code = "version"
    closes = True


class RegistrationTimeout(RegistrationRefusal):
    """The connection has not registered in time."""

    code = "too-late"
    closes = True


class Full(RegistrationRefusal):
    """Every slot is taken."""

    code = "full"
    closes = True

    def __init__(self) -> None:
        super().__init__("The server is full; try again later.")


class FullForNow(Full):
    """The same, said to one that has no slot and may go on without."""

    closes = False


class TooManyUnregistered(RegistrationRefusal):
    """Too many connections that have neither entered nor watch."""

    code = "too-many-connections"
    closes = True

    def __init__(self) -> None:
        super().__init__("Too many connections are about to enter; try again later.")


class TooManyWatchers(RegistrationRefusal):
    """As many watch as may."""

    code = "too-many-watchers"
    closes = True

    def __init__(self) -> None:
        super().__init__("Too many are watching already; try again later.")


class NotRegistered(RegistrationRefusal):
    """A command before ``hello`` was answered with ``welcome``."""

    code = "not-entered"

    def __init__(self) -> None:
        super().__init__("You must enter with a nickname first.")


class AlreadyRegistered(RegistrationRefusal):
    """A second ``hello``."""

    code = "already-entered"

    def __init__(self) -> None:
        super().__init__("You are in already; renaming is another thing.")
