"""Ranges (RFC 9110, section 14): a client asks for a part of a file, as it has the rest."""

import re
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from chatd.web.messages import HTTPError, Request, Response

#: One range of bytes: from a first to a last one, or the last ones. Digits are bounded.
_RANGE: Final = re.compile("bytes=(?:([0-9]{1,16})-([0-9]{0,16})|-([0-9]{1,16}))", re.IGNORECASE)


def apply(request: Request, response: Response) -> Response:
    """The part of `response` that the client asks for, if that is a file; else the `response`.

    Of several ranges, and of what is malformed, the whole file is sent, as the RFC allows.

    :raises HTTPError: if the file does not have that part.
    """
    file = response.file
    if file is None or response.status != HTTPStatus.OK:
        return response
    headers = (*response.headers, ("Accept-Ranges", "bytes"))
    response = replace(response, headers=headers)
    ranges = request.values("range")
    if request.method != "GET" or len(ranges) != 1 or not _is_current(request, response):
        return response
    match = _RANGE.fullmatch(ranges[0].strip())
    if match is None:
        return response
    first, last, count = match.groups()
    if count is not None:
        start, end = max(0, file.size - int(count)), file.size
    else:
        start, end = int(first or 0), min(int(last) + 1 if last else file.size, file.size)
        if last and int(last) < start:
            return response  # it is no range at all
    if start >= end:
        raise HTTPError(
            "range-not-satisfiable",
            "The file does not have this part.",
            (("Content-Range", f"bytes */{file.size}"),),
        )
    content_range = ("Content-Range", f"bytes {start}-{end - 1}/{file.size}")
    return replace(
        response,
        status=HTTPStatus.PARTIAL_CONTENT,
        headers=(*headers, content_range),
        file=replace(file, size=end - start, end=end),
    )


def _is_current(request: Request, response: Response) -> bool:
    """Whether the client has a part of this version (``If-Range``); a date is of no version."""
    conditions = request.values("if-range")
    etag = dict(response.headers).get("ETag", "")
    return not conditions or (conditions == [etag] and not etag.startswith("W/") and etag != "")
