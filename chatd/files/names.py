"""The names of files, so that each is valid in every file system.

A name comes from somebody else, and others save a file under it. So nothing in it may lead into
another folder, hide what kind of file it is, or mean a device.
"""

import re
import unicodedata
from typing import Final

from chatd.chat import characters, limits

#: The name of a file whose own name has nothing that can stay.
NAMELESS: Final = "file"

#: What separates folders, here or elsewhere.
_SEPARATORS: Final = re.compile(r"[/\\]")
#: Control and format characters, such as those that turn the direction of the text around
#: (``photo<U+202E>gpj.exe`` is shown as ``photoexe.jpg``), and what shows nothing at all.
_HIDDEN: Final = re.compile(f"[{characters.HIDDEN}]")
#: What Windows does not allow in a name.
_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')
_BLANKS: Final = re.compile(r"\s+")
#: The devices of Windows, with any extension.
_DEVICE: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(?:\.|$)",
    re.IGNORECASE,
)
#: An extension that is kept when the rest of a name is cut.
_EXTENSION: Final = re.compile(r"\.[^.\s]+$")
_MAX_EXTENSION_BYTES: Final = 32
#: Longer names are cut before anything that takes time.
_MAX_RAW_CHARACTERS: Final = 4_096


def clean_name(name: str) -> str:
    r"""The form of `name` that is valid in every file system.

    ``..\..\Photos: May?.JPG`` becomes ``Photos_ May_.JPG``. The same name always has the same form,
    and that form is its own.
    """
    last = _SEPARATORS.split(name.rstrip("/\\"))[-1][-_MAX_RAW_CHARACTERS:]
    text = _HIDDEN.sub("", unicodedata.normalize("NFC", last))
    text = _BLANKS.sub(" ", _FORBIDDEN.sub("_", text))
    text = _cut(_strip(text))
    if _DEVICE.match(text) or text.startswith("-"):  # to a program a hyphen begins an option
        text = _cut(f"_{text}")
    return text or NAMELESS


def _strip(text: str) -> str:
    """`text` without blanks and dots at its ends: one in front hides a file, one behind is lost."""
    return text.strip(" .")


def _cut(text: str) -> str:
    """`text` with at most ``FILE_NAME_BYTES``, and with its extension."""
    if len(text.encode()) <= limits.FILE_NAME_BYTES:
        return text
    found = _EXTENSION.search(text)
    extension = found[0] if found and len(found[0].encode()) <= _MAX_EXTENSION_BYTES else ""
    room = limits.FILE_NAME_BYTES - len(extension.encode())
    stem = text.removesuffix(extension).encode()[:room].decode(errors="ignore")
    return _strip(stem) + extension
