"""Models are opened by name; what is missing is said in a line."""

from __future__ import annotations

import pytest

from bot.generative import ModelError, ModelSettings, open_model

KEY = "sk-very-secret-indeed"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gpt-5", "has no provider"),
        ("", "has no provider"),
        ("openai:", "has no provider"),
        ("anthropic:claude-haiku-4-5", "pip install 'dragoman[anthropic]'"),
        ("google_genai:gemini-3", "pip install 'dragoman[google-genai]'"),
        ("nobody:knows", "cannot be opened"),
    ],
)
def test_what_cannot_be_opened_is_said(name: str, told: str) -> None:
    with pytest.raises(ModelError) as error:
        open_model(ModelSettings(name, api_key=KEY))
    assert told in str(error.value) and "\n" not in str(error.value)
    assert KEY not in str(error.value)


@pytest.mark.parametrize("options", [{"api_key": 5}, {"max_retries": KEY}])
def test_an_option_that_cannot_be_is_said_without_secrets(options: dict[str, object]) -> None:
    with pytest.raises(ModelError) as error:
        open_model(ModelSettings("openai:gpt-5", api_key=KEY, options=options))
    assert KEY not in str(error.value)


def test_a_key_is_in_no_representation() -> None:
    assert KEY not in repr(ModelSettings("openai:gpt-5", api_key=KEY))


@pytest.mark.parametrize("name", ["openai:any", "ollama:any"])
def test_each_provider_gets_its_limit_of_tokens(name: str) -> None:
    chat = open_model(ModelSettings(name, base_url="http://127.0.0.1:9/v1", api_key="none", tokens=77))
    limit = getattr(chat, "num_predict", None) or getattr(chat, "max_tokens", None)
    assert limit == 77
