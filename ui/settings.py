"""What an operator can set: in one file, `dragoman.toml`, and in the environment, which wins over the file.

Read once, in `ui/cli.py`; what is read is passed on as arguments. docs/settings.md lists all settings.
"""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as Unreadable

from bot.engine import DEFAULT_THRESHOLD
from index.errors import DragomanError

if TYPE_CHECKING:
    from bot.generative import ModelSettings

__all__ = [
    "SETTINGS_FILE",
    "ModelTable",
    "ServerSettings",
    "Settings",
    "SettingsError",
    "SlackSecrets",
    "SlackSettings",
    "read_settings",
]

SETTINGS_FILE = Path("dragoman.toml")


SHORTEST_SECRET = 8

AT_ONCE = 2
AT_ONCE_WITH_MODEL = 16
"""Most of an answer's time is then spent waiting for the model."""


class SettingsError(DragomanError):
    """A setting that is not known, or has a value that it cannot have."""


def _sendable(secret: SecretStr) -> SecretStr:
    """An empty one would let everybody in, and headers hold no other characters."""
    value = secret.get_secret_value()
    if len(value) < SHORTEST_SECRET or not (value.isascii() and value.isprintable()):
        raise ValueError(f"use at least {SHORTEST_SECRET} characters, all of them printable ASCII")
    return secret


def _without_spaces(secret: SecretStr) -> SecretStr:
    """Some servers of models take a key as short as `none`."""
    value = secret.get_secret_value()
    if not (value.isascii() and value.isprintable() and value and " " not in value):
        raise ValueError("use printable ASCII, without spaces")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_sendable)]
KeyOfModel = Annotated[SecretStr, AfterValidator(_without_spaces)]
Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$")]
LoginName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._@-]{1,100}$")]


class ServerSettings(BaseModel):
    """Of `dragoman serve`: the table `[server]`, and the environment's `DRAGOMAN_SERVER__...`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="The address to listen on. 0.0.0.0 is every network of the machine.")
    port: int = Field(7860, ge=0, le=65_535, description="0 takes a free one.")
    api_keys: tuple[Secret, ...] = Field(
        (), description="Whoever calls the API sends one of these as `Authorization: Bearer KEY`. None: anybody may."
    )
    logins: dict[LoginName, Secret] = Field(
        {}, description="Names and passwords; a browser asks for one before it shows the page or a document."
    )
    questions_a_minute: int = Field(60, ge=1, description="That one client may ask; a client is a key, or an address.")
    at_once: int | None = Field(
        None,
        ge=1,
        le=256,
        description=f"Questions that are worked on at the same time. Default: {AT_ONCE}, and {AT_ONCE_WITH_MODEL} "
        "where a model is configured, for which most of them wait.",
    )
    waiting: int = Field(64, ge=0, description="Questions that may wait for that; more are told to come again (503).")
    seconds: float = Field(20.0, gt=0, description="After which a question that has no answer yet is given up (504).")
    body_bytes: int = Field(65_536, ge=1_024, description="The largest request that is read.")
    public_url: Url | None = Field(
        None, description="Where people reach the page from outside: links in Slack and other chats lead there."
    )
    log_questions: bool = Field(False, description="Write the texts of questions into the log.")
    feedback: Path | None = Field(
        None, description="The file that keeps what askers thought of answers. Default: feedback.sqlite3 in the index."
    )


class ModelTable(BaseModel):
    """A language model that writes answers: the table `[model]`, and the environment's `DRAGOMAN_MODEL__...`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="`provider:model` as LangChain names it: openai:gpt-5-mini.")
    base_url: Url | None = Field(None, description="Where its server is, if that is not the provider's own.")
    api_key: KeyOfModel | None = Field(
        None, description="Default: what the provider's own variable in the environment has, as OPENAI_API_KEY."
    )
    method: Literal["json_schema", "function_calling", "json_mode"] | None = Field(
        None, description="How the model is held to the form of an answer. Default: LangChain's for the provider."
    )
    seconds: float = Field(15.0, gt=0, description="Of one answer, for all calls; then the answer is quoted.")
    tokens: int = Field(1_000, ge=1, description="That the model may write for one answer.")
    sentences: int = Field(4, ge=1, le=50, description="Of one answer, at most.")
    rewrite: bool = Field(
        True, description="Have follow-ups, and questions in other languages, put anew to search for."
    )
    input_price: Price | None = Field(None, description="Of a million tokens that it reads, in any currency.")
    output_price: Price | None = Field(None, description="Of a million tokens that it writes.")
    options: dict[str, Any] = Field({}, repr=False, description="More that LangChain's init_chat_model takes.")

    def settings(self) -> ModelSettings:
        """As the writer takes them. Imports LangChain."""
        from bot.generative import ModelSettings

        api_key = self.api_key.get_secret_value() if self.api_key else None
        return ModelSettings(**self.model_dump() | {"api_key": api_key})


class SlackSettings(BaseModel):
    """Of the Slack bot: the table `[slack]`, and the environment's `DRAGOMAN_SLACK__...`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_url: str = Field(
        "https://slack.com/api/",
        pattern=r"^https?://[^\s?#]+/$",
        description="Where Slack is: for GovSlack, https://slack-gov.com/api/.",
    )
    inbox: Path | None = Field(
        None, description="The file that keeps what was asked in Slack. Default: slack.sqlite3 in the index."
    )
    keep_days: int = Field(30, ge=1, le=3_650, description="After which what was asked and answered is forgotten.")


class SlackSecrets(BaseSettings):
    """What Slack gives whoever installs the app, under the names that its own tools use; from the environment alone."""

    model_config = SettingsConfigDict(env_prefix="SLACK_", extra="ignore", frozen=True, env_ignore_empty=True)

    bot_token: SecretStr | None = None
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None


class Settings(BaseSettings):
    """All of `dragoman.toml`; in the environment, `DRAGOMAN_INDEX`, `DRAGOMAN_SERVER__PORT` and so on."""

    model_config = SettingsConfigDict(
        env_prefix="DRAGOMAN_", env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    index: Path = Field(Path(".dragoman"), description="The folder that holds the index.")
    embedder: str | None = Field(None, description="The model; by default the one that the index was made with.")
    threshold: float = Field(
        DEFAULT_THRESHOLD, ge=0, le=1, description="Answer from this confidence on, abstain below it."
    )
    prefer: tuple[str, ...] = Field(
        (), description="Languages to quote from, best first, where no version is in the asker's."
    )
    server: ServerSettings = ServerSettings()
    slack: SlackSettings = SlackSettings()
    model: ModelTable | None = Field(None, description="The language model that writes answers; None: they are quoted.")

    @property
    def at_once(self) -> int:
        """Questions that are worked on at the same time."""
        return self.server.at_once or (AT_ONCE_WITH_MODEL if self.model else AT_ONCE)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings  # the file's values come as arguments


def read_settings(file: Path | None = None) -> Settings:
    """The file's settings (by default those of `dragoman.toml`, where there is one) and the environment's.

    Raises SettingsError, which names the setting and, where one is misspelt, the one that was probably meant.
    """
    chosen = file or SETTINGS_FILE
    try:
        settings = Settings(**_values(chosen, required=file is not None))
    except ValidationError as error:
        raise SettingsError("; ".join(_explained(chosen, problem) for problem in error.errors())) from error
    except Unreadable as error:
        raise SettingsError(f"in the environment, lists and tables are written as JSON: {error}") from error
    if settings.model and settings.model.seconds >= settings.server.seconds:
        raise SettingsError(
            f"server.seconds ({settings.server.seconds:g}) must be larger than model.seconds "
            f"({settings.model.seconds:g}): a question has to outlast the model, to be answered without it"
        )
    return settings


def _values(file: Path, *, required: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        if not required:
            return {}
        raise SettingsError(f"there is no settings file {file}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the settings file {file} cannot be read: {error}") from error


def _explained(file: Path, problem: ErrorDetails) -> str:
    """One line about one setting, without the value where that is a secret."""
    name = ".".join(map(str, problem["loc"]))
    if problem["type"] != "extra_forbidden":
        return f"the setting {name} (in {file} or the environment): {problem['msg']}"
    known = [
        *Settings.model_fields,
        *(f"server.{field}" for field in ServerSettings.model_fields),
        *(f"slack.{field}" for field in SlackSettings.model_fields),
        *(f"model.{field}" for field in ModelTable.model_fields),
    ]
    meant = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"{file} has a setting {name} that is not known" + (f": did you mean {meant[0]}?" if meant else "")
