"""POST login, as JSON and as an OAuth2 password form."""

import time

import jwt
import pytest
from support.api import (
    ADMIN_NAME,
    ADMIN_PASSWORD,
    CLASSIC,
    PASSWORD,
    USER_FIELDS,
    V1,
    assert_error,
    assert_invalid,
    register,
    try_login,
)

SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"


def claims_of(token, key=SECRET, algorithm="HS256"):
    return jwt.decode(token, key, algorithms=[algorithm], options={"verify_sub": False})


def without_request_id(answer):
    body = answer.json()
    if "error" in body:
        del body["error"]["request_id"]
    return body


@pytest.mark.parametrize("encoding", ["json", "data"], ids=["json", "form"])
def test_right_credentials_answer_a_token(anna, guest, surface, encoding):
    credentials = {"username": "anna", "password": PASSWORD}
    answer = guest.post(surface.auth("login"), **{encoding: credentials})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "user"}
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 3600
    assert body["user"] == anna.user
    assert set(body["user"]) == USER_FIELDS


def test_the_token_opens_both_surfaces(anna, server, guest, surface):
    token = try_login(server, "anna", PASSWORD, surface).json()["access_token"]
    for path in (CLASSIC.tasks, V1.tasks):
        assert guest.get(path, headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_the_name_is_known_in_any_case(anna, server, surface):
    answer = try_login(server, "ANNA", PASSWORD, surface)
    assert answer.status_code == 200
    assert answer.json()["user"]["username"] == "anna"


def test_the_first_admin_logs_in_with_the_default_password(server, surface):
    answer = try_login(server, ADMIN_NAME, ADMIN_PASSWORD, surface)
    assert answer.status_code == 200
    assert answer.json()["user"]["role"] == "admin"


@pytest.mark.parametrize(
    ("username", "password"),
    [("anna", "Wr0ngword"), ("anna", "passw0rd"), ("nobody", PASSWORD), ("anna", PASSWORD + " ")],
    ids=["wrong", "wrong case", "unknown name", "longer"],
)
def test_wrong_credentials_are_401(anna, server, surface, username, password):
    answer = try_login(server, username, password, surface)
    assert_error(answer, surface, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_unknown_and_wrong_and_disabled_cannot_be_told_apart(anna, bert, admin, server, surface):
    admin.patch(f"/api/v1/users/{bert.id}", json={"is_active": False})
    unknown = try_login(server, "nobody", PASSWORD, surface)
    wrong = try_login(server, "anna", "Wr0ngword", surface)
    disabled = try_login(server, "bert", PASSWORD, surface)
    assert unknown.status_code == wrong.status_code == disabled.status_code == 401
    assert without_request_id(unknown) == without_request_id(wrong) == without_request_id(disabled)


@pytest.mark.parametrize("encoding", ["json", "data"], ids=["json", "form"])
@pytest.mark.parametrize("missing", ["username", "password"])
def test_a_missing_field_is_named(guest, surface, encoding, missing):
    credentials = {"username": "anna", "password": PASSWORD}
    del credentials[missing]
    answer = guest.post(surface.auth("login"), **{encoding: credentials})
    assert_invalid(answer, surface, missing, kind="missing")


def test_a_form_is_percent_decoded(server, guest, surface):
    register(server, "carla", "P+s s&w=0%rd\N{SNOWMAN}")
    form = "username=carla&password=P%2Bs+s%26w%3D0%25rd%E2%98%83"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert guest.post(surface.auth("login"), content=form, headers=kind).status_code == 200


def test_a_form_may_carry_the_other_oauth2_fields(anna, guest, surface):
    form = {"grant_type": "password", "username": "anna", "password": PASSWORD, "scope": ""}
    assert guest.post(surface.auth("login"), data=form).status_code == 200


def test_a_form_with_invalid_utf8_is_invalid(guest, surface):
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    form = b"username=anna&password=%ff%fe%fd%fc%fb%fa%f9%f8"
    answer = guest.post(surface.auth("login"), content=form, headers=kind)
    assert_error(answer, surface, surface.invalid)


def test_other_content_types_are_415(anna, guest, surface):
    body = '{"username":"anna","password":"Passw0rd"}'
    plain = {"Content-Type": "text/plain"}
    assert_error(guest.post(surface.auth("login"), content=body, headers=plain), surface, 415)


def test_the_token_says_who_until_when(start_server):
    server = start_server(SECRET_KEY=SECRET)
    anna = register(server, "anna")
    before = int(time.time())
    token = try_login(server, "anna", PASSWORD).json()["access_token"]
    claims = claims_of(token)
    assert claims["sub"] == str(anna.id)
    assert before + 3600 <= claims["exp"] <= int(time.time()) + 3600
    assert jwt.get_unverified_header(token)["alg"] == "HS256"


def test_the_lifetime_is_configurable(start_server):
    server = start_server(SECRET_KEY=SECRET, ACCESS_TOKEN_EXPIRE_MINUTES=5)
    register(server, "anna")
    before = int(time.time())
    answer = try_login(server, "anna", PASSWORD).json()
    assert answer["expires_in"] == 300
    assert before + 300 <= claims_of(answer["access_token"])["exp"] <= int(time.time()) + 300


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_the_algorithm_is_configurable(start_server, algorithm):
    server = start_server(SECRET_KEY=SECRET, ALGORITHM=algorithm)
    anna = register(server, "anna")
    assert claims_of(anna.token, algorithm=algorithm)["sub"] == str(anna.id)
    assert anna.get(V1.auth("me")).status_code == 200
