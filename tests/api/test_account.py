"""A user's own account on /api/v1: me, changes to it, and logging out."""

import pytest
from support.api import (
    CLASSIC,
    PASSWORD,
    USER_FIELDS,
    V1,
    Caller,
    assert_error,
    assert_invalid,
    register,
    try_login,
)

ME = V1.auth("me")
NEW_PASSWORD = "N3wpassword"


def test_me_is_the_callers_user(anna):
    answer = anna.get(ME)
    assert answer.status_code == 200
    assert set(answer.json()) == USER_FIELDS
    assert answer.json() == anna.user


@pytest.mark.parametrize(("method", "action"), [("GET", "me"), ("PATCH", "me"), ("POST", "logout")])
def test_a_guest_has_no_account(guest, method, action):
    assert_error(guest.request(method, V1.auth(action)), V1, 401)


@pytest.mark.parametrize(("method", "action"), [("GET", "me"), ("POST", "logout")])
def test_the_classic_surface_has_no_account_paths(anna, method, action):
    assert_error(anna.request(method, CLASSIC.auth(action)), CLASSIC, 404)


@pytest.mark.parametrize(
    ("field", "value"), [("full_name", "Anna Karenina"), ("email", "anna@example.com")]
)
def test_a_field_changes_and_null_clears_it(anna, field, value):
    changed = anna.patch(ME, json={field: value})
    assert changed.status_code == 200
    assert changed.json() == {**anna.user, field: value}
    cleared = anna.patch(ME, json={field: None})
    assert cleared.json() == anna.user
    assert anna.get(ME).json() == anna.user


def test_nobody_promotes_or_renames_themselves(anna):
    body = {"role": "admin", "is_active": False, "username": "empress", "id": 1}
    assert anna.patch(ME, json=body).status_code == 200
    assert anna.get(ME).json() == anna.user


def test_an_email_of_another_user_is_409(server, anna):
    register(server, "carla", email="carla@example.com")
    assert_error(anna.patch(ME, json={"email": "carla@example.com"}), V1, 409)


def test_ones_own_email_again_is_no_conflict(server):
    carla = register(server, "carla", email="carla@example.com")
    assert carla.patch(ME, json={"email": "carla@example.com"}).status_code == 200


@pytest.mark.parametrize(("field", "value"), [("email", "nowhere"), ("full_name", 5)])
def test_an_invalid_field_is_named(anna, field, value):
    assert_invalid(anna.patch(ME, json={field: value}), V1, field)


def test_a_new_password_replaces_the_old(server, anna):
    body = {"password": NEW_PASSWORD, "current_password": PASSWORD}
    assert anna.patch(ME, json=body).status_code == 200
    assert try_login(server, "anna", NEW_PASSWORD).status_code == 200
    assert_error(try_login(server, "anna", PASSWORD), V1, 401)


def test_a_new_password_ends_older_tokens_and_brings_a_fresh_one(server, anna):
    body = {"password": NEW_PASSWORD, "current_password": PASSWORD}
    fresh = anna.patch(ME, json=body).json()["access_token"]
    assert_error(anna.get(ME), V1, 401)
    assert Caller(server, fresh).get(ME).json() == anna.user


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": NEW_PASSWORD}, "current_password"),
        ({"password": NEW_PASSWORD, "current_password": "Wr0ngword"}, "current_password"),
        ({"password": NEW_PASSWORD, "current_password": 5}, "current_password"),
        ({"password": "short", "current_password": PASSWORD}, "password"),
        ({"password": "alllowercase1", "current_password": PASSWORD}, "password"),
    ],
    ids=["without the current", "wrong current", "current a number", "too short", "no capital"],
)
def test_a_refused_password_change_changes_nothing(server, anna, body, field):
    assert_invalid(anna.patch(ME, json=body), V1, field)
    assert anna.get(ME).status_code == 200
    assert try_login(server, "anna", PASSWORD).status_code == 200


def test_a_refused_password_change_keeps_the_other_fields_too(anna):
    body = {"full_name": "Changed", "password": NEW_PASSWORD, "current_password": "Wr0ngword"}
    assert_invalid(anna.patch(ME, json=body), V1, "current_password")
    assert anna.get(ME).json()["full_name"] is None
