"""POST register, on both surfaces."""

import pytest
from support.api import (
    CLASSIC,
    PASSWORD,
    TIMESTAMP,
    USER_FIELDS,
    V1,
    Caller,
    assert_error,
    assert_invalid,
    log_in,
    try_login,
)


def registration(**fields):
    return {"username": "carla", "password": PASSWORD, **fields}


def user_of(answer, surface):
    assert answer.status_code == 201, answer.text
    return answer.json()["user"] if surface is V1 else answer.json()


def test_classic_answers_the_user(guest):
    body = registration(email="carla@example.com", full_name="Carla Rossi")
    answer = guest.post(CLASSIC.auth("register"), json=body)
    assert answer.status_code == 201
    user = answer.json()
    assert set(user) == USER_FIELDS
    assert user["username"] == "carla"
    assert user["email"] == "carla@example.com"
    assert user["full_name"] == "Carla Rossi"
    assert user["role"] == "user"
    assert user["is_active"] is True
    assert TIMESTAMP.fullmatch(user["created_at"])


def test_v1_answers_the_user_with_a_token_that_works(server, guest):
    answer = guest.post(V1.auth("register"), json=registration())
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "user"}
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 3600
    assert set(body["user"]) == USER_FIELDS
    me = Caller(server, body["access_token"]).get(V1.auth("me"))
    assert me.json() == body["user"]


def test_optional_fields_left_out_are_null(guest, surface):
    user = user_of(guest.post(surface.auth("register"), json=registration()), surface)
    assert user["email"] is None
    assert user["full_name"] is None


def test_the_password_never_comes_back(guest, surface):
    answer = guest.post(surface.auth("register"), json=registration(password="Sesame123"))
    assert answer.status_code == 201
    assert "Sesame123" not in answer.text
    assert "$2" not in answer.text


@pytest.mark.parametrize("name", ["carla", "CARLA", "cArLa"])
def test_a_name_taken_in_any_case_is_409(guest, surface, name):
    guest.post(surface.auth("register"), json=registration())
    answer = guest.post(surface.auth("register"), json=registration(username=name))
    assert_error(answer, surface, 409)


def test_a_name_taken_on_one_surface_is_taken_on_the_other(guest):
    assert guest.post(CLASSIC.auth("register"), json=registration()).status_code == 201
    assert_error(guest.post(V1.auth("register"), json=registration()), V1, 409)


def test_an_email_taken_is_409(guest, surface):
    guest.post(surface.auth("register"), json=registration(email="carla@example.com"))
    body = registration(username="dora", email="carla@example.com")
    assert_error(guest.post(surface.auth("register"), json=body), surface, 409)


def test_a_refused_registration_leaves_the_name_free(guest, surface):
    refused = guest.post(surface.auth("register"), json=registration(password="short"))
    assert refused.status_code == surface.invalid
    user_of(guest.post(surface.auth("register"), json=registration()), surface)


def test_any_number_of_users_may_have_no_email(guest, surface):
    for name in ("carla", "dora", "elsa"):
        user_of(guest.post(surface.auth("register"), json=registration(username=name)), surface)


def test_a_guest_cannot_choose_a_role(guest, surface):
    user = user_of(guest.post(surface.auth("register"), json=registration(role="admin")), surface)
    assert user["role"] == "user"


def test_a_user_cannot_choose_a_role_for_another(anna, surface):
    user = user_of(anna.post(surface.auth("register"), json=registration(role="admin")), surface)
    assert user["role"] == "user"


def test_an_admin_chooses_the_role(admin, surface):
    user = user_of(admin.post(surface.auth("register"), json=registration(role="admin")), surface)
    assert user["role"] == "admin"


def test_an_admin_naming_no_such_role_is_refused(admin, surface):
    answer = admin.post(surface.auth("register"), json=registration(role="emperor"))
    assert_invalid(answer, surface, "role", kind="enum")


@pytest.mark.parametrize("length", [3, 50])
def test_names_at_the_limits_are_taken(guest, surface, length):
    name = "n" * length
    answer = guest.post(surface.auth("register"), json=registration(username=name))
    assert user_of(answer, surface)["username"] == name


INVALID = {
    "name of two": ("username", "ab"),
    "name of 51": ("username", "n" * 51),
    "empty name": ("username", ""),
    "name a number": ("username", 12345),
    "name null": ("username", None),
    "password of seven": ("password", "Short12"),
    "password of 73 bytes": ("password", "Aa1" + "x" * 70),
    "password of 19 emoji, 76 bytes and more": ("password", "Aa1" + "\N{KEY}" * 19),
    "password a list": ("password", ["Passw0rd"]),
    "password with a NUL": ("password", "Passw0rd\0hidden"),
    "email without an at": ("email", "carla.example.com"),
    "email a number": ("email", 5),
    "full name a list": ("full_name", []),
}


@pytest.mark.parametrize(("field", "value"), INVALID.values(), ids=INVALID)
def test_an_invalid_field_is_named(guest, surface, field, value):
    answer = guest.post(surface.auth("register"), json=registration(**{field: value}))
    assert_invalid(answer, surface, field)


@pytest.mark.parametrize("field", ["username", "password"])
def test_a_missing_field_is_named(guest, surface, field):
    body = registration()
    del body[field]
    answer = guest.post(surface.auth("register"), json=body)
    assert_invalid(answer, surface, field, kind="missing")


def test_every_problem_is_reported_at_once(guest, surface):
    body = {"username": "x", "password": "y", "email": "z"}
    answer = guest.post(surface.auth("register"), json=body)
    assert_invalid(answer, surface, "username", "password", "email")


@pytest.mark.parametrize("password", ["passw0rd", "Password"], ids=["no capital", "no digit"])
def test_v1_asks_for_a_capital_and_a_digit(guest, password):
    answer = guest.post(V1.auth("register"), json=registration(password=password))
    assert_invalid(answer, V1, "password")


def test_classic_takes_any_eight_characters(guest):
    answer = guest.post(CLASSIC.auth("register"), json=registration(password="password"))
    assert answer.status_code == 201


@pytest.mark.parametrize("password", ["passw0rd", "Password"], ids=["no capital", "no digit"])
def test_a_strict_policy_asks_the_same_on_classic(start_server, password):
    strict = Caller(start_server(PASSWORD_POLICY="strict"))
    answer = strict.post(CLASSIC.auth("register"), json=registration(password=password))
    assert_invalid(answer, CLASSIC, "password")


def test_all_72_bytes_of_a_password_count(server, guest, surface):
    password = "Aa1" + "x" * 69
    user_of(guest.post(surface.auth("register"), json=registration(password=password)), surface)
    assert log_in(server, "carla", password).user["username"] == "carla"
    assert try_login(server, "carla", password[:-1] + "y").status_code == 401
