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


def test_health_needs_no_key(locked: TestClient) -> None:
    assert locked.get("/healthz").status_code == locked.get("/readyz").status_code == 200
