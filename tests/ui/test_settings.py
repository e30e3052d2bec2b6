from __future__ import annotations

from pathlib import Path

import pytest

from bot.generative import ModelSettings
from ui.settings import ModelTable, ServerSettings, Settings, SettingsError, SlackSecrets, SlackSettings, read_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(text: str) -> Path:
    file = Path("dragoman.toml")
    file.write_text(text, "utf-8")
    return file


def test_without_a_file_everything_has_its_default() -> None:
    assert read_settings() == Settings()
    assert read_settings().server.host == "127.0.0.1"


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write('index = "docs-index"\nprefer = ["en"]\n[server]\nport = 8000\nwaiting = 5\n')
    monkeypatch.setenv("DRAGOMAN_SERVER__PORT", "9000")
    settings = read_settings()
    assert (settings.index, settings.prefer) == (Path("docs-index"), ("en",))
    assert (settings.server.port, settings.server.waiting) == (9000, 5)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[server]\nprot = 80\n", "a setting server.prot that is not known: did you mean server.port?"),
        ("colour = 1\n", "dragoman.toml has a setting colour that is not known"),
        ("[server]\nport = 70000\n", "the setting server.port (in dragoman.toml or the environment)"),
        ("threshold = 2\n", "the setting threshold"),
        ('[server]\napi_keys = [""]\n', "the setting server.api_keys.0"),
        ('[server]\nlogins = {team = "short"}\n', "at least 8 characters"),
        ('[server.logins]\n"a:b" = "long enough"\n', "the setting server.logins.a:b"),
        ("[server\n", "the settings file dragoman.toml cannot be read"),
        (
            '[model]\nname = "openai:x"\nbase-url = "http://x"\n',
            "model.base-url that is not known: did you mean model.base_url?",
        ),
        ('[modle]\nname = "openai:x"\n', "a setting modle that is not known: did you mean model?"),
        ("[model]\nseconds = 5\n", "the setting model.name"),
        ('model = "openai:x"\n', "the setting model (in dragoman.toml or the environment)"),
        ('[model]\nname = "openai:x"\nmethod = "grammar"\n', "'json_schema', 'function_calling' or 'json_mode'"),
        ('[model]\nname = "openai:x"\ninput_price = -1\n', "the setting model.input_price"),
        (
            '[model]\nname = "openai:x"\nseconds = 20\n',
            "server.seconds (20) must be larger than model.seconds (20)",
        ),
    ],
)
def test_what_is_wrong_is_named(text: str, complaint: str) -> None:
    write(text)
    with pytest.raises(SettingsError) as raised:
        read_settings()
    assert complaint in str(raised.value)


def test_a_file_that_was_named_has_to_be_there() -> None:
    with pytest.raises(SettingsError, match=r"there is no settings file other\.toml"):
        read_settings(Path("other.toml"))


def test_keys_are_never_shown() -> None:
    write('[server]\napi_keys = ["very-secret"]\n')
    assert "very-secret" not in repr(read_settings())
    write('[server]\napi_keys = {"very-secret" = 1}\n')
    with pytest.raises(SettingsError) as raised:
        read_settings()
    assert "very-secret" not in str(raised.value)


def test_a_model_is_read_from_the_file_and_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().model is None
    table = 'name = "openai:gpt"\nseconds = 30\ninput_price = 2\noptions = {top_p = 0.5}\n'
    write(f"[server]\nseconds = 40\n[model]\n{table}")
    monkeypatch.setenv("DRAGOMAN_MODEL__API_KEY", "none")
    monkeypatch.setenv("DRAGOMAN_MODEL__BASE_URL", "http://127.0.0.1:8000/v1")
    monkeypatch.setenv("DRAGOMAN_MODEL__REWRITE", "false")
    model = read_settings().model
    assert model is not None
    assert model.settings() == ModelSettings(
        "openai:gpt",
        base_url="http://127.0.0.1:8000/v1",
        api_key="none",
        seconds=30,
        rewrite=False,
        input_price=2,
        options={"top_p": 0.5},
    )


def test_the_environment_alone_can_name_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRAGOMAN_MODEL__NAME", "ollama:qwen3")
    model = read_settings().model
    assert model is not None
    assert model.settings() == ModelSettings("ollama:qwen3")


def test_a_table_in_the_environment_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRAGOMAN_SERVER__API_KEYS", "a-very-secret-key")
    with pytest.raises(SettingsError, match="in the environment, lists and tables are written as JSON") as raised:
        read_settings()
    assert "very-secret" not in str(raised.value)


def test_more_is_worked_on_at_once_where_a_model_is_waited_for() -> None:
    assert read_settings().at_once == 2
    write('[model]\nname = "openai:x"\n')
    assert read_settings().at_once == 16
    write('[server]\nat_once = 3\n[model]\nname = "openai:x"\n')
    assert read_settings().at_once == 3


@pytest.mark.parametrize("key", ['"very secret key"', '"very-secret-é"', '["very-secret"]', '""'])
def test_the_key_of_a_model_is_never_shown(key: str) -> None:
    write(f'[model]\nname = "openai:x"\napi_key = {key}\n')
    with pytest.raises(SettingsError) as raised:
        read_settings()
    assert "model.api_key" in str(raised.value) and "very" not in str(raised.value)
    write(
        '[model]\nname = "openai:x"\napi_key = "very-secret"\n[model.options]\ndefault_headers = {x = "very-secret"}\n'
    )
    settings = read_settings()
    assert "very-secret" not in repr(settings)
    assert settings.model and "very-secret" not in str(settings.model)


def test_every_setting_is_explained() -> None:
    docs = Path(__file__).parents[2] / "docs"
    page = (docs / "settings.md").read_text("utf-8")
    for name in (*Settings.model_fields, *ServerSettings.model_fields):
        assert f"`{name}`" in page
    page = (docs / "slack.md").read_text("utf-8")
    for name in (*SlackSettings.model_fields, *(f"SLACK_{name.upper()}" for name in SlackSecrets.model_fields)):
        assert name in page
    page = (docs / "models.md").read_text("utf-8")
    for name in ModelTable.model_fields:
        assert f"`{name}`" in page
