"""Files in S3: what the store does to us, and what we do to the store."""

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from support.api import UUID, V1, Caller, assert_error, register
from support.object_store import SECRET_KEY, Front, ObjectStore
from support.server import wait_until

NOTE = b"water, soil and light\n"


def files_of(task_id, surface=V1):
    return f"{surface.task(task_id)}/files"


def file_path(file, surface=V1):
    return f"{surface.prefix}/files/{file['id']}"


def upload(caller, task_id, content=NOTE, surface=V1):
    return caller.post(files_of(task_id, surface), files={"file": ("note.txt", content)})


def uploaded(caller, task_id, content=NOTE):
    answer = upload(caller, task_id, content)
    assert answer.status_code == 201, answer.text
    return answer.json()


def in_folder(server):
    folder = Path(server.folder) / "uploads"
    return list(folder.iterdir()) if folder.exists() else []


def storage_health(server):
    answer = server.http.get("/health/detailed")
    return answer.json()["checks"]["storage"]["status"], answer.status_code


@pytest.fixture
def bucket(object_store):
    return object_store.create_bucket()


@pytest.fixture
def server(start_server, bucket):
    return start_server(**bucket.options)


@pytest.fixture
def own_store(tmp_path):
    """A store of the test's own, to be killed and stopped."""
    with closing(ObjectStore(tmp_path).start()) as store:
        yield store


@pytest.fixture
def front(object_store):
    with closing(Front(object_store)) as front:
        yield front


@pytest.fixture
def fronted(start_server, bucket, front):
    """A server that sees the store through the front."""
    return start_server(**{**bucket.options, "S3_ENDPOINT": front.url})


def test_an_object_is_the_file_under_a_random_name(server, bucket, anna):
    content = b"0123456789abcde\n" * 200_000
    file = uploaded(anna, anna.create_task()["id"], content)
    (name,) = bucket.names()
    assert UUID.fullmatch(name)
    assert hashlib.sha256(bucket.read(name)).hexdigest() == file["sha256"]
    assert in_folder(server) == []


def test_files_are_there_after_a_restart(start_server, bucket, server, anna):
    file = uploaded(anna, anna.create_task()["id"])
    server.restart()
    wait_until(lambda: storage_health(server) == ("healthy", 200), "the store to be seen")
    assert anna.get(file_path(file)).content == NOTE


def test_an_endpoint_may_end_in_a_slash(start_server, bucket):
    options = {**bucket.options, "S3_ENDPOINT": bucket.options["S3_ENDPOINT"] + "//"}
    anna = register(start_server(**options), "anna")
    file = uploaded(anna, anna.create_task()["id"])
    assert anna.get(file_path(file)).content == NOTE


# When the store is away.


def test_without_the_store_an_upload_is_503_and_leaves_nothing(start_server, own_store, surface):
    bucket = own_store.create_bucket()
    server = start_server(**bucket.options)
    anna = register(server, "anna")
    task = anna.create_task()
    own_store.kill()
    answer = upload(anna, task["id"], surface=surface)
    assert_error(answer, surface, 503, code="SERVICE_UNAVAILABLE")
    assert answer.headers["retry-after"]
    assert in_folder(server) == []
    assert anna.get(files_of(task["id"])).json() == []
    server.await_log("S3: cannot store a file")
    own_store.start()
    uploaded(anna, task["id"])
    assert len(bucket.names()) == 1


def test_without_the_store_a_download_is_503(start_server, own_store, surface):
    server = start_server(**own_store.create_bucket().options)
    anna = register(server, "anna")
    file = uploaded(anna, anna.create_task()["id"])
    own_store.kill()
    answer = anna.get(file_path(file, surface))
    assert_error(answer, surface, 503, code="SERVICE_UNAVAILABLE")
    server.await_log("S3: cannot read a file")
    own_store.start()
    assert anna.get(file_path(file, surface)).content == NOTE


def test_without_the_store_the_server_starts_and_says_so(start_server, own_store):
    bucket = own_store.create_bucket()
    own_store.kill()
    server = start_server(**bucket.options)
    anna = register(server, "anna")
    task = anna.create_task()
    server.await_log("are left to the next start")
    assert storage_health(server) == ("degraded", 200)
    assert upload(anna, task["id"]).status_code == 503
    own_store.start()
    uploaded(anna, task["id"])
    wait_until(lambda: storage_health(server) == ("healthy", 200), "the store to be seen")


def test_a_file_deleted_without_the_store_goes_from_it_later(start_server, own_store):
    bucket = own_store.create_bucket()
    server = start_server(**bucket.options)
    anna = register(server, "anna")
    task = anna.create_task()
    first, second = uploaded(anna, task["id"]), uploaded(anna, task["id"])
    own_store.kill()
    assert anna.delete(file_path(first)).status_code == 204
    assert anna.get(file_path(first)).status_code == 404
    assert len(bucket.names()) == 2
    own_store.start()
    assert anna.delete(file_path(second)).status_code == 204
    wait_until(lambda: bucket.names() == [], "the objects to go")


def test_an_object_that_is_gone_is_404(server, bucket, anna):
    file = uploaded(anna, anna.create_task()["id"])
    (bucket.folder / bucket.names()[0]).unlink()
    assert_error(anna.get(file_path(file)), V1, 404)
    assert anna.delete(file_path(file)).status_code == 204


# When it is slow.


def test_a_slow_store_holds_up_only_those_who_wait_for_it(start_server, own_store):
    anna = register(start_server(**own_store.create_bucket().options), "anna")
    task = anna.create_task()
    file = uploaded(anna, task["id"])
    own_store.pause()
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(upload, anna, task["id"], NOTE * 5000) for _ in range(10)]
        waiting += [pool.submit(anna.get, file_path(file)) for _ in range(10)]
        for _ in range(50):
            assert anna.read_task(task["id"])["id"] == task["id"]
        assert not any(one.done() for one in waiting)
        own_store.resume()
        assert {one.result().status_code for one in waiting} == {200, 201}
    assert len(anna.get(files_of(task["id"])).json()) == 11


def test_a_store_that_never_answers_is_given_up(start_server, own_store):
    server = start_server(S3_TIMEOUT_SECONDS="1", **own_store.create_bucket().options)
    anna = register(server, "anna")
    task = anna.create_task()
    file = uploaded(anna, task["id"])
    own_store.pause()
    assert_error(upload(anna, task["id"]), V1, 503, code="SERVICE_UNAVAILABLE")
    assert_error(anna.get(file_path(file)), V1, 503, code="SERVICE_UNAVAILABLE")
    assert in_folder(server) == []
    assert [one["id"] for one in anna.get(files_of(task["id"])).json()] == [file["id"]]
    own_store.resume()
    assert anna.get(file_path(file)).content == NOTE


# When it fails now and then.


@pytest.mark.parametrize("failures", [["503"], ["refuse"], ["503", "refuse"]], ids="+".join)
def test_what_may_pass_is_tried_again(fronted, front, bucket, failures):
    anna = register(fronted, "anna")
    task = anna.create_task()
    content = NOTE * 100_000
    front.fail(*failures)
    file = uploaded(anna, task["id"], content)
    front.fail(*failures)
    assert anna.get(file_path(file)).content == content
    front.fail(*failures)
    assert anna.delete(file_path(file)).status_code == 204
    wait_until(lambda: bucket.names() == [], "the object to go")


def test_what_does_not_pass_is_given_up(fronted, front):
    anna = register(fronted, "anna")
    task = anna.create_task()
    front.fail(*["503"] * 3)
    before = front.count
    assert upload(anna, task["id"]).status_code == 503
    assert front.count - before == 3
    fronted.await_log("S3: cannot store a file: 503")
    uploaded(anna, task["id"])


def test_an_answer_that_breaks_off_is_asked_for_again(fronted, front):
    anna = register(fronted, "anna")
    content = NOTE * 100_000
    file = uploaded(anna, anna.create_task()["id"], content)
    front.fail("cut")
    assert anna.get(file_path(file)).content == content


def test_only_the_bytes_that_are_wanted_are_fetched(fronted, front):
    anna = register(fronted, "anna")
    content = NOTE * 100_000
    file = uploaded(anna, anna.create_task()["id"], content)
    before = front.answered
    part = anna.get(file_path(file), headers={"Range": "bytes=1000000-1000009"})
    assert (part.status_code, part.content) == (206, content[1_000_000:1_000_010])
    whole = anna.head(file_path(file))
    assert whole.headers["content-length"] == str(len(content))
    assert front.answered - before < 10_000


# When it does not want us.


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("S3_SECRET_KEY", "Not-The-Secret"),
        ("S3_ACCESS_KEY", "somebody-else"),
        ("S3_BUCKET", "no-such-bucket"),
    ],
)
def test_what_it_does_not_take_is_named_in_the_log(start_server, bucket, option, value):
    options = {**bucket.options, option: value}
    server = start_server(LOG_LEVEL="debug", **options)
    anna = register(server, "anna")
    server.await_log(f"{option}")
    assert_error(upload(anna, anna.create_task()["id"]), V1, 503, code="SERVICE_UNAVAILABLE")
    assert storage_health(server) == ("degraded", 200)
    assert bucket.names() == []
    assert in_folder(server) == []
    assert options["S3_SECRET_KEY"] not in server.stdout + server.stderr


def test_the_secret_key_is_never_told(server, bucket, anna):
    uploaded(anna, anna.create_task()["id"])
    server.stop()
    log = (Path(server.folder) / "app.log").read_text()
    assert SECRET_KEY not in server.stdout + server.stderr + log


# What it is asked to remove at the start.


def old_name(number):
    return f"{number:08x}-0000-4000-8000-000000000000"


def test_an_old_orphan_is_swept_and_all_else_stays(start_server, bucket):
    server = start_server(**bucket.options)
    anna = register(server, "anna")
    uploaded(anna, anna.create_task()["id"])
    (known,) = bucket.names()
    server.stop()
    now = time.time()
    old = now - 7200
    (bucket.folder / ".nanio-meta" / f"{known}.json").unlink()
    bucket.put(known, NOTE, modified=old)
    stays = {
        known,
        str(uuid4()),  # young: another server may be about to commit its row
        "readme.txt",
        str(uuid4()).upper(),
        f"{uuid4()}.part",
        f"backup/{uuid4()}",
        f"{uuid4()}/part",
    }
    young = next(name for name in stays if UUID.fullmatch(name) and name != known)
    for name in stays - {known}:
        bucket.put(name, b"x", modified=now if name == young else old)
    bucket.put(old_name(0xFFFFFFFF), b"x", modified=old)  # the last in the list
    bucket.put(old_name(0), b"x", modified=old)
    server.start()
    server.await_log("removed 2 files")
    assert set(bucket.names()) == stays


def test_a_list_in_many_parts_is_swept(start_server, tmp_path):
    with closing(ObjectStore(tmp_path, keys_a_list=3).start()) as store:
        bucket = store.create_bucket()
        for number in range(10):
            bucket.put(old_name(number), b"x", modified=time.time() - 7200)
            bucket.put(f"{old_name(number)} not ours", b"x", modified=time.time() - 7200)
        server = start_server(**bucket.options)
        server.await_log("removed 10 files")
        assert len(bucket.names()) == 10


def test_a_server_spares_what_another_has_just_stored(start_server, bucket):
    first = start_server(**bucket.options)
    anna = register(first, "anna")
    file = uploaded(anna, anna.create_task()["id"])
    second = start_server(**bucket.options)
    bert = register(second, "bert")
    uploaded(bert, bert.create_task()["id"])
    second.restart()
    uploaded(Caller(second, bert.token), 1)
    assert anna.get(file_path(file)).content == NOTE
    assert len(bucket.names()) == 3


# Options.

NAMES = ("S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY")
GOOD = dict(zip(NAMES, ("http://127.0.0.1:9", "files", "key", "Secret-To-Keep"), strict=True))


@pytest.mark.parametrize("empty", [None, ""], ids=["unset", "empty"])
@pytest.mark.parametrize("missing", [NAMES[:1], NAMES[1:2], NAMES[2:], NAMES[1:]], ids="+".join)
def test_options_that_are_missing_are_named(program, missing, empty):
    program.options.update({**GOOD, **dict.fromkeys(missing, empty)})
    result = program.run("serve")
    assert result.returncode == 1
    assert f"so {', '.join(missing)} must be set too" in result.stderr
    assert "Secret-To-Keep" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("S3_ENDPOINT", "127.0.0.1:9000"),
        ("S3_ENDPOINT", "ftp://127.0.0.1"),
        ("S3_ENDPOINT", "http://127.0.0.1/?a=b"),
        ("S3_ENDPOINT", "http://key:secret@127.0.0.1"),
        ("S3_BUCKET", ".."),
        ("S3_BUCKET", "a/b"),
        ("S3_BUCKET", "a b"),
        ("S3_REGION", "us:east"),
        ("S3_REGION", ""),
        ("S3_TIMEOUT_SECONDS", "0"),
        ("MAX_UPLOAD_SIZE", str((5 << 30) + 1)),
    ],
)
def test_options_that_cannot_be_stop_the_start(program, option, value):
    program.options.update({**GOOD, option: value})
    result = program.run("serve")
    assert result.returncode == 1
    assert f"{option} must" in result.stderr


def test_without_any_of_the_options_files_stay_in_the_folder(start_server):
    server = start_server(**dict.fromkeys(NAMES, ""))
    anna = register(server, "anna")
    uploaded(anna, anna.create_task()["id"])
    assert len(in_folder(server)) == 1
