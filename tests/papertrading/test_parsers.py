"""Bodies of programs, read within bounds, also when nobody said how long they are."""

from io import BytesIO

import pytest
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError

from papertrading.parsers import FormParser, JSONParser


def test_what_fits_is_read_whole(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 20

    assert JSONParser().parse(BytesIO(b'{"a": "12345678901"}')) == {"a": "12345678901"}
    assert FormParser().parse(BytesIO(b"a=123456789012345678")).dict() == {"a": "123456789012345678"}


@pytest.mark.parametrize("parser", [JSONParser, FormParser])
def test_one_byte_more_is_refused(settings, parser):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 20

    with pytest.raises(RequestDataTooBig):
        parser().parse(BytesIO(b"x" * 21))


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000])
def test_endless_nesting_is_unreadable_not_a_crash(body):
    with pytest.raises(ParseError):
        JSONParser().parse(BytesIO(body))
