"""Admins over users: /api/v1/users."""

import pytest
from support.api import (
    ABSENT,
    CLASSIC,
    PASSWORD,
    USER_FIELDS,
    V1,
    assert_error,
    assert_invalid,
    register,
    try_login,
)

USERS = "/api/v1/users"


def user_path(user_id):
    return f"{USERS}/{user_id}"


def names(answer):
    assert answer.status_code == 200, answer.text
    return [user["username"] for user in answer.json()["users"]]


def test_the_list_holds_everybody(admin, anna, bert):
    answer = admin.get(USERS)
    assert names(answer) == ["admin", "anna", "bert"]
    assert answer.json()["total"] == 3
    assert all(set(user) == USER_FIELDS for user in answer.json()["users"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"limit": 2}, ["admin", "carla"]),
        ({"skip": 2, "limit": 2}, ["dora", "elsa"]),
        ({"page": 2, "per_page": 2}, ["dora", "elsa"]),
        ({"page": 3, "per_page": 2}, ["frida"]),
        ({"skip": 10}, []),
    ],
    ids=str,
)
def test_the_list_is_paged(server, admin, query, expected):
    for name in ("carla", "dora", "elsa", "frida"):
        register(server, name)
    answer = admin.get(USERS, params=query)
    assert names(answer) == expected
    assert answer.json()["total"] == 5


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("CARL", ["carla", "Carlo"]),
        ("@example.org", ["dora"]),
        ("%", []),
        ("_", []),
        ("zzz", []),
    ],
)
def test_search_finds_part_of_name_or_email(server, admin, search, expected):
    register(server, "carla")
    register(server, "Carlo")
    register(server, "dora", email="d@example.org")
    assert names(admin.get(USERS, params={"search": search})) == expected


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"skip": -1}, {"page": "x"}])
def test_bad_paging_is_invalid(admin, query):
    assert_invalid(admin.get(USERS, params=query), V1, *query, place="query")


def test_one_user_is_read_by_id(admin, anna):
    assert admin.get(user_path(anna.id)).json() == anna.user


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_user_is_404(admin, method):
    body = {"role": "user"} if method == "PATCH" else None
    assert_error(admin.request(method, user_path(ABSENT), json=body), V1, 404)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_id_that_is_no_number_is_invalid(admin, method):
    body = {"role": "user"} if method == "PATCH" else None
    assert_error(admin.request(method, user_path("anna"), json=body), V1, 400)


REQUESTS = [
    ("GET", USERS),
    ("GET", user_path(1)),
    ("PATCH", user_path(1)),
    ("DELETE", user_path(1)),
]


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_users_are_not_for_users(anna, method, path):
    body = {"role": "user"} if method == "PATCH" else None
    assert_error(anna.request(method, path, json=body), V1, 403)


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_users_are_not_for_guests(guest, method, path):
    body = {"role": "user"} if method == "PATCH" else None
    assert_error(guest.request(method, path, json=body), V1, 401)


@pytest.mark.parametrize(
    "change", [{"role": "admin"}, {"is_active": False}, {"role": "admin", "is_active": False}]
)
def test_role_and_activity_change(admin, anna, change):
    answer = admin.patch(user_path(anna.id), json=change)
    assert answer.status_code == 200
    assert answer.json() == {**anna.user, **change}
    assert admin.get(user_path(anna.id)).json() == {**anna.user, **change}


def test_a_re_enabled_user_logs_in_again(server, admin, anna):
    admin.patch(user_path(anna.id), json={"is_active": False})
    assert try_login(server, "anna", PASSWORD).status_code == 401
    admin.patch(user_path(anna.id), json={"is_active": True})
    assert try_login(server, "anna", PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [("role", "emperor"), ("role", None), ("role", 5), ("is_active", []), ("is_active", None)],
)
def test_an_invalid_change_is_named(admin, anna, field, value):
    assert_invalid(admin.patch(user_path(anna.id), json={field: value}), V1, field)
    assert admin.get(user_path(anna.id)).json() == anna.user


END_OF_AN_ADMIN = [("PATCH", {"role": "user"}), ("PATCH", {"is_active": False}), ("DELETE", None)]
ENDINGS = ["demoted", "disabled", "deleted"]


@pytest.mark.parametrize(("method", "body"), END_OF_AN_ADMIN, ids=ENDINGS)
def test_the_last_admin_stays(admin, anna, method, body):
    assert_error(admin.request(method, user_path(admin.id), json=body), V1, 409)
    assert admin.get(user_path(admin.id)).json() == admin.user


@pytest.mark.parametrize(("method", "body"), END_OF_AN_ADMIN, ids=ENDINGS)
def test_a_disabled_admin_does_not_count(admin, anna, method, body):
    admin.patch(user_path(anna.id), json={"role": "admin", "is_active": False})
    assert_error(admin.request(method, user_path(admin.id), json=body), V1, 409)


@pytest.mark.parametrize(("method", "body"), END_OF_AN_ADMIN, ids=ENDINGS)
def test_an_admin_among_others_may_go(admin, anna, method, body):
    admin.patch(user_path(anna.id), json={"role": "admin"})
    assert admin.request(method, user_path(admin.id), json=body).is_success


def test_a_deleted_user_is_gone_and_the_name_free(server, admin, anna):
    answer = admin.delete(user_path(anna.id))
    assert answer.status_code == 204
    assert answer.content == b""
    assert_error(admin.get(user_path(anna.id)), V1, 404)
    assert register(server, "anna").id != anna.id


def test_the_tasks_of_a_deleted_user_go_along(admin, anna):
    task = anna.create_task()
    admin.delete(user_path(anna.id))
    assert_error(admin.get(CLASSIC.task(task["id"])), CLASSIC, 404)


def test_tasks_assigned_to_a_deleted_user_stay_unassigned(admin, anna, bert):
    task = anna.create_task(assigned_user_id=bert.id)
    admin.delete(user_path(bert.id))
    assert anna.read_task(task["id"])["assigned_user_id"] is None
