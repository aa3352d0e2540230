"""Values and errors as HTTP responses, in one place, so that every refusal has the same shape."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hactl.control.api import STATUS, Code, ErrorBody, Fault
from hactl.core.codec import encode
from hactl.core.errors import CommandRejected, ConfigError, HactlError
from hactl.core.secrets import masked
from hactl.core.value import Value

_JSON = "application/json"


class Refused(Exception):
    """A request that is answered with `fault`, before the controller hears of it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def answer(value: Value) -> Response:
    """A 200 with `value`, as far as it may be shown."""
    return Response(encode(masked(value)), media_type=_JSON)


def refusal(fault: Fault) -> Response:
    """The response for `fault`.

    The connection stays, so that a client in the middle of a long body can finish it into the void and then read
    why; only somebody who may not be here at all is shown out.
    """
    headers = {"connection": "close"} if fault.code is Code.FORBIDDEN else None
    body = encode(ErrorBody(error=fault))
    return Response(body, status_code=STATUS[fault.code], media_type=_JSON, headers=headers)


async def refuse(_request: Request, error: Exception) -> Response:
    """Turn what a route raised into its response; anything unknown is a defect and says no more than that."""
    return refusal(_fault(error))


async def gone(_request: Request, _error: Exception) -> Response:
    """For a client that left in the middle of its own request: nobody reads this."""
    return Response(status_code=STATUS[Code.MALFORMED])


def _fault(error: Exception) -> Fault:
    match error:
        case Refused(fault=fault):
            return fault
        case CommandRejected(message=message, hint=hint, guard=guard):
            return Fault(code=Code.REJECTED, message=message, hint=hint, guard=guard)
        case ConfigError(message=message, hint=hint):
            return Fault(code=Code.CONFIG, message=message, hint=hint)
        case HactlError(message=message, hint=hint):
            return Fault(code=Code.UNAVAILABLE, message=message, hint=hint)
        case HTTPException(status_code=404):
            return Fault(code=Code.NOT_FOUND, message="no such path", hint="the paths start with /v1")
        case HTTPException(status_code=405):
            return Fault(code=Code.METHOD, message="this path does not accept that method")
        case HTTPException():
            return Fault(code=Code.MALFORMED, message="not a request this daemon understands")
        case _:
            return Fault(
                code=Code.INTERNAL, message="internal error in the daemon", hint="see its log: hactl logs daemon"
            )
