from __future__ import annotations

from pathlib import Path

import pytest

from ui.settings import ServerSettings, Settings, SettingsError, SlackSecrets, SlackSettings, read_settings


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


def test_every_setting_is_explained() -> None:
    docs = Path(__file__).parents[2] / "docs"
    page = (docs / "settings.md").read_text("utf-8")
    for name in (*Settings.model_fields, *ServerSettings.model_fields):
        assert f"`{name}`" in page
    page = (docs / "slack.md").read_text("utf-8")
    for name in (*SlackSettings.model_fields, *(f"SLACK_{name.upper()}" for name in SlackSecrets.model_fields)):
        assert name in page
