"""Preconditions (RFC 9110, section 13): a client asks for a response only if its copy is outdated.

Only entity tags count: nothing here has a date of its last change, so a precondition on one is
ignored, as the RFC asks for.
"""

from chatd.web.messages import HTTPError, Request, Response


def apply(request: Request, response: Response) -> Response:
    """The `response`, or 304 if the client has it (``If-None-Match``).

    :raises HTTPError: if the client wants another one (``If-Match``).
    """
    if response.status != 200:  # section 13.2.1
        return response
    etag = dict(response.headers).get("ETag", "")
    # A weak tag is never equal to another one in If-Match (section 13.1.1).
    if request.values("if-match") and not {etag, "*"} & set(request.items("if-match")) - {""}:
        raise HTTPError("precondition-failed", "The server has another version of this.")
    client_etags = {each.removeprefix("W/") for each in request.items("if-none-match")}
    if {etag, "*"} & client_etags - {""}:
        # Browsers take the policy of this response for the page that they have.
        return Response(304, response.headers, inline_script=response.inline_script)
    return response
