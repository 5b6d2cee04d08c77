"""Which bearer tokens open the door, and which do not."""

import base64
import json
import time

import jwt
import pytest
from support.api import (
    ABSENT,
    CLASSIC,
    PASSWORD,
    V1,
    Caller,
    assert_error,
    log_in,
    log_in_admin,
    register,
)
from support.server import Server

SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
OTHER_SECRET = SECRET[::-1]


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("tokens"), SECRET_KEY=SECRET).start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def carla(shared_server):
    return register(shared_server, "carla")


def present(server, authorization, surface):
    headers = {} if authorization is None else {"Authorization": authorization}
    return Caller(server).get(surface.tasks, headers=headers)


def assert_refused(answer, surface):
    assert_error(answer, surface, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def genuine_claims(caller):
    return jwt.decode(caller.token, options={"verify_signature": False})


def forge(claims, key=SECRET, algorithm="HS256"):
    return jwt.encode(claims, key, algorithm=algorithm)


def test_no_token_is_401(shared_server, surface):
    assert_refused(present(shared_server, None, surface), surface)


def test_a_token_re_made_with_the_key_is_accepted(shared_server, carla, surface):
    token = forge(genuine_claims(carla))
    assert present(shared_server, f"Bearer {token}", surface).status_code == 200


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_is_known_in_any_case(shared_server, carla, surface, scheme):
    assert present(shared_server, f"{scheme} {carla.token}", surface).status_code == 200


MALFORMED = {
    "empty": "",
    "scheme alone": "Bearer",
    "one part": "Bearer abc",
    "three bad parts": "Bearer a.b.c",
    "dots": "Bearer ..",
    "no JSON": "Bearer bm8.bm8.bm8",
    "not base64": "Bearer !!!.???.***",
    "other scheme": "Basic YW5uYTpQYXNzdzByZA==",
    "two tokens": "Bearer a.b.c d.e.f",
    "4,000 letters": "Bearer " + "a" * 4000,
    "4,000 dots": "Bearer " + "." * 4000,
}


@pytest.mark.parametrize("authorization", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_token_is_401(shared_server, surface, authorization):
    assert_refused(present(shared_server, authorization, surface), surface)


CHANGED_CLAIMS = {
    "expired": {"exp": int(time.time()) - 10},
    "expired long ago": {"exp": 0},
    "expiry negative": {"exp": -5},
    "expiry a text": {"exp": "tomorrow"},
    "expiry missing": {"exp": None},
    "nobody": {"sub": str(ABSENT)},
    "subject a name": {"sub": "carla"},
    "subject empty": {"sub": ""},
    "subject negative": {"sub": "-1"},
    "subject huge": {"sub": "9" * 40},
    "subject missing": {"sub": None},
}


@pytest.mark.parametrize("change", CHANGED_CLAIMS.values(), ids=CHANGED_CLAIMS)
def test_a_signed_token_with_bad_claims_is_401(shared_server, carla, surface, change):
    claims = {**genuine_claims(carla), **change}
    claims = {name: value for name, value in claims.items() if value is not None}
    # Signed by hand: the library refuses to sign some of these.
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    algorithm = jwt.get_algorithm_by_name("HS256")
    signature = algorithm.sign(header + b"." + payload, SECRET.encode())
    signed = b".".join([header, payload, base64.urlsafe_b64encode(signature).rstrip(b"=")])
    assert_refused(present(shared_server, f"Bearer {signed.decode()}", surface), surface)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(OTHER_SECRET, "HS256"), (None, "none"), (SECRET, "HS384"), (SECRET, "HS512")],
    ids=["wrong key", "alg none", "HS384", "HS512"],
)
def test_a_token_signed_otherwise_is_401(shared_server, carla, surface, key, algorithm):
    token = forge(genuine_claims(carla), key, algorithm)
    assert_refused(present(shared_server, f"Bearer {token}", surface), surface)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE"])
def test_alg_none_in_any_spelling_with_the_old_signature_is_401(shared_server, carla, name):
    _, payload, signature = carla.token.split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": name, "typ": "JWT"}).encode())
    for tail in (signature, ""):
        token = f"{header.decode().rstrip('=')}.{payload}.{tail}"
        assert_refused(present(shared_server, f"Bearer {token}", V1), V1)


def test_a_changed_payload_with_the_old_signature_is_401(shared_server, carla, surface):
    header, _, signature = carla.token.split(".")
    other = forge({**genuine_claims(carla), "sub": "1"}, OTHER_SECRET).split(".")[1]
    assert_refused(present(shared_server, f"Bearer {header}.{other}.{signature}", surface), surface)


def test_a_cut_signature_is_401(shared_server, carla, surface):
    assert_refused(present(shared_server, f"Bearer {carla.token[:-4]}", surface), surface)


def test_a_token_as_query_parameter_is_no_token(shared_server, carla, surface):
    answer = Caller(shared_server).get(surface.tasks, params={"token": carla.token})
    assert_refused(answer, surface)


@pytest.mark.parametrize("action", ["register", "login"])
def test_a_bad_token_is_401_even_where_none_is_needed(shared_server, carla, surface, action):
    body = {"username": "carla", "password": PASSWORD}
    headers = {"Authorization": "Bearer a.b.c"}
    answer = Caller(shared_server).post(surface.auth(action), json=body, headers=headers)
    assert_refused(answer, surface)


def test_a_disabled_users_token_is_401(anna, admin, surface):
    assert anna.get(surface.tasks).status_code == 200
    admin.patch(f"/api/v1/users/{anna.id}", json={"is_active": False})
    assert_refused(anna.get(surface.tasks), surface)


def test_a_deleted_users_token_is_401(anna, admin, surface):
    assert admin.delete(f"/api/v1/users/{anna.id}").status_code == 204
    assert_refused(anna.get(surface.tasks), surface)


def test_a_deleted_users_token_is_not_his_successors(server, anna, admin):
    admin.delete(f"/api/v1/users/{anna.id}")
    register(server, "anna")
    assert_refused(anna.get(V1.auth("me")), V1)


def test_logging_out_ends_every_token_of_the_user(server, anna, bert, surface):
    elsewhere = log_in(server, "anna")
    assert anna.post(V1.auth("logout")).is_success
    assert_refused(anna.get(surface.tasks), surface)
    assert_refused(elsewhere.get(surface.tasks), surface)
    assert bert.get(surface.tasks).status_code == 200


def test_a_login_right_after_logging_out_works(server, anna, surface):
    anna.post(V1.auth("logout"))
    assert log_in(server, "anna").get(surface.tasks).status_code == 200


def test_a_change_of_role_holds_for_tokens_already_out(server, anna):
    admin = log_in_admin(server)
    assert_error(anna.get("/api/v1/users"), V1, 403)
    admin.patch(f"/api/v1/users/{anna.id}", json={"role": "admin"})
    assert anna.get("/api/v1/users").status_code == 200
    admin.patch(f"/api/v1/users/{anna.id}", json={"role": "user"})
    assert_error(anna.get("/api/v1/users"), V1, 403)


def test_tokens_of_one_server_are_worth_nothing_at_another(start_server, anna):
    other = start_server()
    register(other, "anna")
    assert_refused(Caller(other, anna.token).get(CLASSIC.tasks), CLASSIC)
