"""REST bodies, read within bounds: Django checks the size only of what it reads itself; DRF streams."""

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """Raises RequestDataTooBig, and ParseError also for what is nested deeper than the decoder's stack."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(_bounded(stream), media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None


class FormParser(parsers.FormParser):
    """Raises RequestDataTooBig."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return super().parse(_bounded(stream), media_type, parser_context)


def _bounded(stream: Any) -> BytesIO:
    size_max = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = stream.read(size_max + 1)
    if len(body) > size_max:
        raise RequestDataTooBig("The request's body is too large.")
    return BytesIO(body)
