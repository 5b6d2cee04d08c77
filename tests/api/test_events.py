"""/api/v1/events, and what streams and WebSockets have in common: resuming, limits, tokens, the end."""

import time

import jwt
import pytest
from support.api import PASSWORD, V1, Caller, assert_error, assert_invalid, register
from support.live import EventStream, Listener, RawWebSocket, refused
from support.server import wait_until

KINDS = [Listener, EventStream]


@pytest.fixture(params=KINDS, ids=["websocket", "events"])
def listen(request):
    """Opens a listener of one kind, then of the other."""
    return request.param


def change(caller, count, **fields):
    return [caller.create_task(title=f"Task {number}", **fields) for number in range(count)]


def token_for(server, caller, **claims):
    """A token that the server itself might have made, but for these claims."""
    own = jwt.decode(caller.token, options={"verify_signature": False})
    return jwt.encode({**own, **claims}, server.secret_key, "HS256")


# --- The stream ---


def test_the_stream_says_what_it_is(server, anna):
    with EventStream(server, anna.token) as stream:
        headers = stream.answer.headers
        assert stream.answer.status == 200
        assert headers["content-type"] == "text/event-stream"
        assert headers["cache-control"] == "no-store"
        first = stream.read_block()
        assert int(first["retry"]) > 0
        assert int(first["id"]) > 0
        task = anna.create_task()
        event = stream.read_block()
        assert set(event) == {"id", "data"}
        assert stream.answer.headers["x-request-id"]
    with Listener(server, anna.token, since=int(event["id"]) - 1) as listener:
        message = listener.next()
        assert message["seq"] == int(event["id"])
        assert message["task"] == task


def test_the_token_of_a_stream_may_stand_in_the_query(server, anna):
    with EventStream(server, **{"token": anna.token}) as stream:
        assert stream.answer.status == 200
    for token in (None, "a.b.c"):
        answer = anna.server.http.get("/api/v1/events", params={"token": token} if token else {})
        assert_error(answer, V1, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_the_last_id_goes_before_since(server, anna):
    change(anna, 3)
    with EventStream(server, anna.token, since=0) as stream:
        seqs = [message["seq"] for message in stream.take(3)]
    with EventStream(server, anna.token, last_event_id=seqs[1], since=0) as stream:
        assert stream.next()["seq"] == seqs[2]


@pytest.mark.parametrize("last_id", ["x", "-1", "1.5", "9223372036854775808"])
def test_an_id_that_is_none_is_refused(server, anna, last_id):
    answer = anna.get("/api/v1/events", headers={"Last-Event-ID": last_id})
    assert_invalid(answer, V1, "Last-Event-ID", place="header")
    assert_invalid(anna.get("/api/v1/events?since=x"), V1, "since", place="query")


def test_head_tells_of_the_stream_and_ends(server, anna):
    answer = anna.head("/api/v1/events")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream"
    wait_until(
        lambda: server.metric('live_connections{kind="events"}') == 0, "the listener to be gone"
    )


def test_a_stream_shows_signs_of_life(start_server):
    server = start_server(LIVE_PING_SECONDS=1)
    anna = register(server, "anna")
    with EventStream(server, anna.token) as stream:
        while stream.comments < 2:
            stream.read_block()


# --- Resuming ---


def test_what_was_missed_comes_first_and_then_what_happens(server, listen, anna, bert):
    change(anna, 5)
    change(bert, 5)
    with listen(server, anna.token, since=0) as listener:
        missed = listener.take(5)
        change(anna, 5)
        heard = listener.take(5)
    with listen(server, anna.token, since=missed[2]["seq"]) as listener:
        assert listener.take(7) == missed[3:] + heard
    seqs = [message["seq"] for message in missed + heard]
    assert seqs == sorted(set(seqs))


def test_nothing_is_lost_or_doubled_where_missed_and_new_meet(server, listen, anna):
    """Listeners join again and again while changes are made; each hears every one of them once."""
    from threading import Thread

    before = anna.create_task()
    with listen(server, anna.token, since=0) as listener:
        start = listener.next()["seq"]
    writer = Thread(target=change, args=(anna, 300))
    writer.start()
    listeners = []
    while writer.is_alive() and len(listeners) < 20:
        listeners.append(listen(server, anna.token, since=start))
    writer.join()
    for listener in listeners:
        ids = [message["task"]["id"] for message in listener.take(300)]
        assert ids == list(range(before["id"] + 1, before["id"] + 301))
        listener.__exit__()


def test_what_was_missed_during_a_restart_is_made_up_for(server, listen, anna):
    with listen(server, anna.token) as listener:
        change(anna, 1)
        last = listener.next()["seq"]
    change(anna, 3)
    server.restart()
    change(anna, 2)
    with listen(server, anna.token, since=last) as listener:
        heard = listener.take(5)
        change(anna, 1)
        assert listener.next()["seq"] == heard[-1]["seq"] + 1
    assert [message["seq"] for message in heard] == list(range(last + 1, last + 6))


def test_what_another_process_changes_is_heard(server, listen, anna):
    """The command line writes to the database beside the server."""
    with listen(server, anna.token) as listener:
        server.database.execute(
            "INSERT INTO events (at, actor_id, action, resource_type, resource_id, request_id, "
            "changes) VALUES (0, ?, 'job.finished', 'job', 1, NULL, ?)",
            anna.id,
            '{"id":[null,"x"]}',
        )
        assert listener.next()["job"] == {"id": "x"}


def test_a_deleted_task_is_told_of_to_who_could_see_it(server, listen, anna, bert):
    task = anna.create_task(title="Shared", assigned_user_id=bert.id)
    other = anna.create_task(title="Hers")
    anna.delete(V1.task(task["id"]))
    anna.delete(V1.task(other["id"]))
    last = bert.create_task(title="His")
    with listen(server, bert.token, since=0) as listener:
        heard = listener.take(3)
    assert [message["event"] for message in heard[:2]] == ["task.created", "task.deleted"]
    assert {message["task"]["id"] for message in heard[:2]} == {task["id"]}
    assert heard[2]["task"] == last


def test_who_was_away_for_too_long_reads_everything_anew(start_server, listen):
    server = start_server(LIVE_REPLAY_LIMIT=10)
    anna = register(server, "anna")
    change(anna, 20)
    wait_until(lambda: sees_resync(server, listen, anna), "the server to know of the changes")


def sees_resync(server, listen, anna):
    with listen(server, anna.token, since=1) as listener:
        first = listener.next()
        if first["event"] != "resync_required":
            return False
        assert set(first) == {"event", "seq"}
        task = anna.create_task()
        while (message := listener.next())["task"] != task:
            assert message["seq"] > first["seq"]
        return True


def test_a_row_that_is_not_there_means_to_read_everything_anew(server, listen, anna):
    with listen(server, anna.token, since=10**15) as listener:
        first = listener.next()
        assert first["event"] == "resync_required"
        task = anna.create_task()
        message = listener.next()
        assert message["task"] == task
        assert message["seq"] == first["seq"] + 1


# --- Limits ---


def test_a_user_has_so_many_connections_of_both_kinds(start_server):
    server = start_server(LIVE_CONNECTIONS_PER_USER=3)
    anna, bert = register(server, "anna"), register(server, "bert")
    with (
        Listener(server, anna.token) as first,
        EventStream(server, anna.token),
        Listener(server, anna.token),
    ):
        assert refused(server, anna.token).status_code == 429
        assert_error(anna.get("/api/v1/events"), V1, 429)
        with Listener(server, bert.token):
            pass
        first.socket.close()
        wait_until(lambda: admits(server, anna), "a connection to be free")


def admits(server, caller):
    try:
        refused(server, caller.token)
    except AssertionError:
        return True
    return False


def test_the_server_has_so_many_connections(start_server):
    server = start_server(LIVE_CONNECTIONS=2)
    anna, bert = register(server, "anna"), register(server, "bert")
    with Listener(server, anna.token), EventStream(server, anna.token):
        assert refused(server, bert.token).status_code == 429


def test_open_connections_count_websockets_too(start_server):
    server = start_server(THREADS=1)
    anna = register(server, "anna")
    before = server.metric("http_connections")
    listeners = [Listener(server, anna.token) for _ in range(5)]
    wait_until(lambda: server.metric("http_connections") == before + 5, "five more connections")
    for listener in listeners:
        listener.socket.close()


def test_a_slow_listener_is_told_so_and_goes_on(start_server):
    server = start_server(LIVE_QUEUE_SIZE=20000)
    anna = register(server, "anna")
    with RawWebSocket(server, anna.token, receive_buffer=4096) as slow:
        made = 0
        while server.metric("live_dropped_total") < 20:
            change(anna, 20, description="x" * 10000)
            made += 20
            assert made < 20000, "the server keeps everything for a listener who takes nothing"
        seqs, resync = read_to_resync(slow)
        assert len(seqs) < made
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        assert resync >= seqs[-1] + 20
        task = anna.create_task()
        message = slow.next()
        assert message["task"] == task
        assert message["seq"] == resync + 1
    assert server.metric("live_resyncs_total") == 1


def read_to_resync(slow):
    seqs = []
    while (message := slow.next())["event"] != "resync_required":
        seqs.append(message["seq"])
    return seqs, message["seq"]


def test_a_slow_reader_of_what_was_missed_gets_all_of_it(start_server, listen):
    """The log is read no faster than the client takes it; nothing is dropped."""
    server = start_server(LIVE_QUEUE_SIZE=20000)
    anna = register(server, "anna")
    change(anna, 499, description="x" * 10000)
    with listen(server, anna.token) as prompt:
        change(anna, 1)
        prompt.next()  # so that all of them were missed, and none is still to come
    with listen(server, anna.token, since=0) as listener:
        time.sleep(0.3)
        assert len(listener.take(500)) == 500
    assert server.metric("live_dropped_total") == 0


def test_a_listener_who_does_not_answer_pings_is_given_up(start_server):
    server = start_server(LIVE_PING_SECONDS=1)
    anna = register(server, "anna")
    with RawWebSocket(server, anna.token) as silent, Listener(server, anna.token) as polite:
        while silent.read() is not None:
            pass
        task = anna.create_task()
        assert polite.next()["task"] == task


# --- Tokens ---


def assert_ended(listener, reason):
    if isinstance(listener, Listener):
        assert listener.read_close() == (1008, reason)
    else:
        listener.read_end()


ENDS = {
    "signing out": lambda anna, admin: anna.post(V1.auth("logout")),
    "a new password": lambda anna, admin: anna.patch(
        V1.auth("me"), json={"password": "An0therOne", "current_password": PASSWORD}
    ),
    "disabling": lambda anna, admin: admin.patch(
        f"/api/v1/users/{anna.id}", json={"is_active": False}
    ),
    "deleting": lambda anna, admin: admin.delete(f"/api/v1/users/{anna.id}"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_what_ends_a_token_ends_its_connections(server, listen, anna, bert, admin, end):
    with listen(server, anna.token) as hers, listen(server, bert.token) as his:
        assert end(anna, admin).is_success
        assert_ended(hers, "token revoked")
        task = bert.create_task()
        assert his.next()["task"] == task


def test_connections_end_with_their_token(server, listen, anna):
    token = token_for(server, anna, exp=int(time.time()) + 3)
    with listen(server, token) as brief, listen(server, anna.token) as lasting:
        assert_ended(brief, "token expired")
        task = anna.create_task()
        assert lasting.next()["task"] == task


def test_a_demoted_administrator_hears_their_own_tasks_only(server, listen, anna, bert, admin):
    user = f"/api/v1/users/{bert.id}"
    with listen(server, bert.token) as listener:
        assert admin.patch(user, json={"role": "admin"}).is_success
        task = anna.create_task()
        assert listener.next()["task"] == task
        assert admin.patch(user, json={"role": "user"}).is_success
        anna.create_task()
        own = bert.create_task()
        assert listener.next()["task"] == own


# --- The end of the server ---


def test_a_drain_says_where_to_resume(server, anna):
    with Listener(server, anna.token) as listener, EventStream(server, anna.token) as stream:
        change(anna, 1)
        last = listener.next()["seq"]
        assert stream.next()["seq"] == last
        assert server.stop() == 0
        code, reason = listener.read_close()
        assert (code, reason) == (1012, f"since={last}")
        stream.read_end()
    server.start()
    again = Caller(server, anna.token, anna.user)
    again.create_task(title="After")
    with Listener(server, anna.token, since=last) as listener:
        assert listener.next()["task"]["title"] == "After"


def test_a_listener_who_does_not_close_is_given_up(start_server):
    server = start_server(DRAIN_SECONDS=1)
    anna = register(server, "anna")
    with RawWebSocket(server, anna.token) as silent:
        assert server.stop() == 0
        assert silent.read_close() == 1012
