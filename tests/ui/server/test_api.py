from __future__ import annotations

import json
from collections.abc import Iterator

from fastapi.testclient import TestClient

from ui.server.service import Service

QUESTION = "How many weeks does a new agent train?"


def test_an_answer_has_the_shape_of_the_command_s_json(client: TestClient) -> None:
    response = client.post("/v1/ask", json={"question": QUESTION})
    answer = response.json()
    assert response.status_code == 200
    assert answer["status"] == "answered" and answer["language"] == "en"
    (citation,) = answer["citations"]
    assert citation["document"] == "training-en"
    assert [version["language"] for version in citation["versions"]] == ["nl"]
    assert set(answer) == {
        "question", "language", "status", "text", "confidence", "notice", "citations", "timings_ms", "follow_up_of",
        "reason", "related", "pieces", "composer", "fallback", "model_use", "understood_as",
    }  # fmt: skip
    text = client.get(f"/v1/documents/{citation['document']}").json()["text"]
    assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_an_answer_comes_as_events_when_asked_for(client: TestClient) -> None:
    response = client.post("/v1/ask", json={"question": QUESTION}, headers={"Accept": "text/event-stream"})
    assert response.headers["content-type"].startswith("text/event-stream")
    first, last = response.text.strip().split("\n\n")
    assert first.startswith("event: answer\ndata: ") and last.startswith("event: done")
    assert json.loads(first.partition("data: ")[2])["citations"][0]["document"] == "training-en"


def test_a_search_gives_a_passage_of_each_article(client: TestClient) -> None:
    found = client.post("/v1/search", json={"question": QUESTION, "language": "nl", "limit": 5}).json()["passages"]
    assert [passage["document"] for passage in found] == ["training-nl", "canteen"]


def test_articles_come_in_pages(client: TestClient) -> None:
    first = client.get("/v1/articles?limit=1").json()
    assert first["next"] == 1 and first["articles"][0]["article"] == "canteen"
    second = client.get("/v1/articles?limit=1&start=1").json()
    assert second["next"] is None
    assert [version["language"] for version in second["articles"][0]["versions"]] == ["en", "nl"]


def test_a_document_that_is_not_there_is_a_problem(client: TestClient) -> None:
    response = client.get("/v1/documents/nothing", headers={"X-Request-ID": "seen-by-the-client"})
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no such document",
        "request": "seen-by-the-client",
        "errors": [],
    }


def test_what_cannot_be_used_is_a_problem_that_names_the_place(client: TestClient) -> None:
    response = client.post("/v1/ask", json={"question": "x" * 2_001, "colour": "red"})
    assert response.status_code == 422
    assert {error["place"] for error in response.json()["errors"]} == {"body.question", "body.colour"}
    assert client.post("/v1/ask", json={"question": QUESTION, "language": "klingon"}).status_code == 422


def test_an_empty_question_is_an_abstention(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": " "}).json()
    assert (answer["status"], answer["reason"]) == ("abstained", "empty_question")


def test_too_large_a_body_is_not_read(client: TestClient) -> None:
    response = client.post("/v1/ask", content=b"x" * 10_001)
    assert response.status_code == 413

    def chunks() -> Iterator[bytes]:
        yield from [b"x" * 1_000] * 20

    assert client.post("/v1/ask", content=chunks()).status_code == 413


def test_feedback_is_kept_once_an_answer(client: TestClient, service: Service) -> None:
    answer = client.post("/v1/ask", json={"question": QUESTION})
    rating = {"answer": answer.headers["X-Request-ID"], "helpful": False, "question": QUESTION}
    assert client.post("/v1/feedback", json=rating).status_code == 204
    assert client.post("/v1/feedback", json=rating | {"helpful": True, "comment": "thanks"}).status_code == 204
    (kept,) = service.feedback.all()
    assert (kept.helpful, kept.comment, kept.question) == (True, "thanks", QUESTION)


def test_health_readiness_and_metrics(client: TestClient, service: Service) -> None:
    client.post("/v1/ask", json={"question": QUESTION})
    service.admission.inside += 1_000
    overloaded = client.post("/v1/ask", json={"question": "Hoe lang?", "language": "nl"})
    service.admission.inside -= 1_000
    assert (overloaded.status_code, overloaded.headers["Retry-After"]) == (503, "1")
    client.get("/v1/documents/nothing")
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["documents"] == 3
    counted = client.get("/metrics").text
    assert 'dragoman_questions_total{language="nl",status="overloaded"} 1.0' in counted
    assert 'dragoman_questions_total{language="en",status="answered"} 1.0' in counted
    assert 'dragoman_errors_total{status="404"} 1.0' in counted


def test_the_source_view_marks_the_span_and_shows_what_other_versions_say(client: TestClient) -> None:
    page = client.get("/documents/training-en?start=34&end=61")
    assert page.status_code == 200
    assert ">The weeks are paid in full.</mark>" in page.text
    assert "De weken worden volledig betaald." in page.text
    assert "Een nieuwe medewerker" not in page.text


def test_the_source_view_shows_markup_as_text(client: TestClient) -> None:
    page = client.get("/documents/canteen").text
    assert "&lt;b&gt;Sundays&lt;/b&gt;" in page and "<b>" not in page
    assert client.get("/documents/canteen?start=5&end=100000").status_code == 200
    assert client.get("/documents/%3Cscript%3E").status_code == 404
