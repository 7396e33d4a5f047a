"""What is no token of ours is refused before any row is read."""

import base64
import json
from uuid import UUID

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.clock import now_ms
from accounts.core.refusals import Code, Refused
from accounts.tokens import Claims, Kind, read_token, write_token

CLAIMS = Claims(kind=Kind.ACCESS, id=UUID(int=1), user_id=UUID(int=2), token_version=3, family=UUID(int=4))


def signed(claims: Claims = CLAIMS, *, life_ms: int = 60_000) -> str:
    return write_token(claims, issued_ms=now_ms(), expires_ms=now_ms() + life_ms)


def encoded(header: dict, payload: dict, signature: str = "") -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in (header, payload)
    ]
    return ".".join([*parts, signature])


def refusal(token: str, kind: Kind = Kind.ACCESS) -> Code:
    with pytest.raises(Refused) as refused:
        read_token(token, kind)
    return refused.value.code


def test_a_token_says_what_was_written():
    assert read_token(signed(), Kind.ACCESS) == CLAIMS


def test_a_refresh_token_is_no_access_token():
    refresh = Claims(
        kind=Kind.REFRESH, id=UUID(int=1), user_id=UUID(int=2), token_version=3, family=UUID(int=4)
    )

    assert refusal(signed(refresh), Kind.ACCESS) == Code.INVALID_TOKEN
    assert refusal(signed(), Kind.REFRESH) == Code.INVALID_TOKEN


def test_an_expired_token_says_so():
    assert refusal(signed(life_ms=-1_000)) == Code.TOKEN_EXPIRED


@pytest.mark.filterwarnings("ignore:The HMAC key")  # HS512 wants a longer one
def test_forged_tokens_are_refused(settings):
    payload = jwt.decode(signed(), options={"verify_signature": False})
    forged = {
        "no algorithm": encoded({"alg": "none", "typ": "JWT"}, payload),
        "no algorithm, in capitals": encoded({"alg": "NONE"}, payload),
        "another key": jwt.encode(payload, "x" * 40, algorithm="HS256"),
        "another algorithm": jwt.encode(payload, settings.JWT_SECRET_KEY, algorithm="HS512"),
        "the site's other secret": jwt.encode(payload, settings.SECRET_KEY, algorithm="HS256"),
        "a changed user": encoded(
            {"alg": "HS256", "typ": "JWT"},
            payload | {"user_id": str(UUID(int=9))},
            signed().rpartition(".")[2],
        ),
        "no signature": signed().rpartition(".")[0] + ".",
        "two parts": signed().rpartition(".")[0],
        "nothing": "",
        "a novel": signed() + "A" * 1_000_000,
    }

    assert {name: refusal(token) for name, token in forged.items()} == dict.fromkeys(
        forged, Code.INVALID_TOKEN
    )


@pytest.mark.parametrize(
    "change",
    [
        {"user_id": None},
        {"user_id": "no uuid"},
        {"user_id": ["a"]},
        {"jti": "no uuid"},
        {"family": 7},
        {"token_type": "admin"},
        {"exp": None},
        {"exp": "soon"},
    ],
    ids=str,
)
def test_claims_of_the_wrong_shape_are_refused_though_signed(settings, change):
    payload = jwt.decode(signed(), options={"verify_signature": False}) | change

    assert refusal(jwt.encode(payload, settings.JWT_SECRET_KEY, algorithm="HS256")) == Code.INVALID_TOKEN


@given(st.text(max_size=300))
def test_no_text_is_a_token_and_none_breaks_the_reader(text):
    assert refusal(text) == Code.INVALID_TOKEN
