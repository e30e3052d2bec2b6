from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from ui.server import create_app
from ui.server.access import Access
from ui.server.service import Service

QUESTION = {"question": "How many weeks does a new agent train?"}


@pytest.fixture
def locked(service: Service) -> Iterator[TestClient]:
    access = Access(keys=("first-key", "second-key"), a_minute=3)
    with TestClient(create_app(replace(service, access=access), body_bytes=10_000)) as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_without_a_key_nothing_of_the_documents_is_told(locked: TestClient) -> None:
    for response in (
        locked.post("/v1/ask", json=QUESTION),
        locked.post("/v1/search", json=QUESTION),
        locked.get("/v1/articles"),
        locked.get("/v1/documents/canteen", headers=bearer("wrong")),
        locked.post("/v1/feedback", json={"answer": "12345678", "helpful": True}),
        locked.get("/v1/articles", headers={b"Authorization": "Bearer first-keyé".encode("latin-1")}),
    ):
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.headers["content-type"] == "application/problem+json"


def test_any_of_the_keys_opens(locked: TestClient) -> None:
    for key in ("first-key", "second-key"):
        assert locked.post("/v1/ask", json=QUESTION, headers=bearer(key)).status_code == 200


def test_each_client_has_a_rate_of_its_own(locked: TestClient) -> None:
    def ask(key: str) -> int:
        return locked.post("/v1/ask", json=QUESTION, headers=bearer(key)).status_code

    assert [ask("first-key") for _ in range(4)] == [200, 200, 200, 429]
    assert ask("second-key") == 200
    refused = locked.post("/v1/ask", json=QUESTION, headers=bearer("first-key"))
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


@pytest.fixture
def private(service: Service) -> Iterator[TestClient]:
    access = Access(keys=("first-key",), a_minute=1_000, logins={"team": "correct horse", "ann": "battery staple"})
    with TestClient(create_app(replace(service, access=access), body_bytes=10_000)) as client:
        yield client


def test_people_read_with_a_login(private: TestClient) -> None:
    refused = private.get("/documents/canteen", headers=bearer("first-key"))
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="Dragoman"')
    assert "canteen" not in refused.text
    for login in (("team", "correct horse"), ("ann", "battery staple")):
        assert private.get("/documents/canteen", auth=login).status_code == 200
        assert private.post("/v1/ask", json=QUESTION, auth=login).status_code == 200
    assert private.get("/documents/canteen", auth=("team", "battery staple")).status_code == 401
    assert private.get("/documents/canteen", auth=("tea", "m:correct horse")).status_code == 401
    assert private.get("/documents/canteen", headers={"Authorization": "Basic %%%"}).status_code == 401


def test_where_there_are_only_logins_programs_need_one_too(service: Service) -> None:
    access = Access(keys=(), a_minute=1_000, logins={"team": "correct horse"})
    with TestClient(create_app(replace(service, access=access), body_bytes=10_000)) as client:
        assert client.get("/v1/articles").status_code == 401
        assert client.get("/v1/articles", auth=("team", "correct horse")).status_code == 200


def test_who_guesses_has_to_wait(private: TestClient) -> None:
    answers = [private.get("/documents/canteen", auth=("team", f"guess {n}")).status_code for n in range(11)]
    assert answers == [401] * 10 + [429]
    known = private.get("/documents/canteen", auth=("team", "correct horse"))
    assert known.status_code == 429 and 1 <= int(known.headers["Retry-After"]) <= 60
    assert private.get("/v1/articles", headers=bearer("first-key")).status_code == 200


def test_health_needs_no_key(locked: TestClient) -> None:
    assert locked.get("/healthz").status_code == locked.get("/readyz").status_code == 200
