"""Requests made from the API's own description, good and bad: the whole app answers all of them as it describes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.browser.served import served
from tests.toy import WordEmbedder
from ui.server.access import Access

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "ignored_auth",
)
"""All but those of methods that no route takes: the page stands at "/" and answers them, with 404."""


def test_every_answer_is_as_described(folder: Path, tmp_path: Path) -> None:
    access = Access(keys=["a-key-of-a-program"], a_minute=1_000_000)
    with served(folder, WordEmbedder(), tmp_path / "feedback.sqlite3", access) as server:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.address}/openapi.json"]
        options = ["--header", "Authorization: Bearer a-key-of-a-program"]
        options += ["--max-examples", "50", "--checks", ",".join(CHECKS), "--no-color"]
        run = subprocess.run(
            [*command, *options], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
        )
    assert run.returncode == 0, run.stdout
    assert "No issues found" in run.stdout
