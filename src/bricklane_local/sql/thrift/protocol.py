"""Messages of Thrift's binary protocol, by the interface in ``service.thrift``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Any

from bricklane_local.app.errors import ApiError

REPLY = 2


@cache
def interface() -> Any:
    """Return the types of the interface, as attributes of a module."""
    from thriftpy2.parser import parser

    parse: Any = parser.parse_fp
    text = files("bricklane_local.sql.thrift").joinpath("service.thrift").read_text("utf-8")
    return parse(StringIO(text), "bricklane_service_thrift")


def struct(kind: str, **values: Any) -> Any:
    """Return a structure of the interface."""
    return getattr(interface(), kind)(**values)


def decode(content: bytes) -> tuple[str, int, Any]:
    """Return method, number and argument of a request.

    Raises:
        ApiError: MALFORMED_REQUEST when it is none, NOT_IMPLEMENTED for a method that is not here.
    """
    protocol, service = _protocol(content), interface().TCLIService
    try:
        method, _kind, number = protocol.read_message_begin()
    except Exception as error:
        raise _malformed(error) from None
    if method not in service.thrift_services:
        raise ApiError("NOT_IMPLEMENTED", f"The Thrift method {method} is not implemented here")
    arguments = getattr(service, f"{method}_args")()
    try:
        arguments.read(protocol)
    except Exception as error:
        raise _malformed(error) from None
    if arguments.req is None:
        raise _malformed(ValueError("it has no argument"))
    return method, number, arguments.req


def _malformed(error: Exception) -> ApiError:
    return ApiError("MALFORMED_REQUEST", f"The request is no message of Thrift: {error}")


def _protocol(content: bytes = b"") -> Any:
    from thriftpy2.protocol import binary
    from thriftpy2.transport import memory

    make: Any = binary.TBinaryProtocol
    buffer: Any = memory.TMemoryBuffer
    return make(buffer(content))


def encode(method: str, number: int, answer: Any) -> bytes:
    """Return the message that answers a request."""
    protocol = _protocol()
    result = getattr(interface().TCLIService, f"{method}_result")()
    result.success = answer
    protocol.write_message_begin(method, REPLY, number)
    result.write(protocol)
    protocol.write_message_end()
    content: bytes = protocol.trans.getvalue()
    return content
