"""LangChain's own standard suites over our adapters, and what these promise beyond them."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from sqlite3 import ProgrammingError
from typing import Any, Self

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_core.tools import create_retriever_tool
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_tests.integration_tests import EmbeddingsIntegrationTests, RetrieversIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests
from pydantic import Field, ValidationError

import index.langchain
from bot.engine import AnswerEngine
from bot.types import Question
from index.caches import refresh_caches
from index.errors import IndexMismatch, IndexMissing, QuestionError
from index.langchain import DragomanEmbeddings, DragomanRetriever
from index.retriever import Retriever
from index.store import Store
from index.types import Embedder
from tests.toy import WordEmbedder, align, new_store, put

PAGE = Path(__file__).parents[2] / "docs" / "langchain.md"

WEEKS = "how many weeks do new agents train"
WEKEN = "hoeveel weken leren nieuwe agents"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One article in three languages, with code points beyond the first plane; two in English alone, one in Dutch."""
    folder = tmp_path_factory.mktemp("langchain") / ".dragoman"
    with new_store(folder) as store:
        put(store, "training-en", ["Welcome 🎓🎓 all!"], ["New agents train for six weeks.", "A coach listens in."])
        put(store, "training-nl", ["Nieuwe agents leren zes weken.", "Een coach luistert mee."], language="nl")
        put(store, "training-vi", ["🎓 New agents học sáu weeks.", "Có người kèm."], language="vi")
        put(store, "refunds", ["Agents may refund forty euros.", "Larger refunds need a supervisor."])
        put(store, "canteen", ["The canteen opens at noon."])
        put(store, "vakantie", ["Vraag je vakantie drie weken vooraf aan."], language="nl")
        align(
            store,
            {"training-en": [1], "training-nl": [0], "training-vi": [0]},
            {"training-en": [2], "training-nl": [1], "training-vi": [1]},
        )
        refresh_caches(store, 0, store.languages(), set())
    return folder


@pytest.fixture
def retriever(folder: Path) -> Iterator[DragomanRetriever]:
    with DragomanRetriever(index=folder, embedder=WordEmbedder()) as retriever:
        yield retriever


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with Store.open_to_read(folder) as store:
        yield store


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The names by which an embedder was opened; each opens the toy one."""
    names: list[str | None] = []

    def open_embedder(name: str | None = None) -> Embedder:
        names.append(name)
        return WordEmbedder()

    monkeypatch.setattr(index.langchain, "open_embedder", open_embedder)
    return names


# LangChain's own suites. anyio's plugin runs their asynchronous tests.


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
class TestStandardRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _over(self, folder: Path) -> None:
        self.folder = folder

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return DragomanRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"index": self.folder, "embedder": WordEmbedder()}

    @property
    def retriever_query_example(self) -> str:
        return WEEKS


class _Bundled:
    @pytest.fixture(autouse=True)
    def _over(self, bundled_embedder: Embedder) -> None:
        self.embedder = bundled_embedder

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return DragomanEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"embedder": self.embedder}


class TestStandardEmbeddings(_Bundled, EmbeddingsUnitTests):
    pass


@pytest.mark.anyio
class TestStandardEmbeddingsAtWork(_Bundled, EmbeddingsIntegrationTests):
    pass


# What the retriever finds


def test_a_document_is_the_passage_and_its_metadata_say_where_it_stands(retriever: DragomanRetriever) -> None:
    found = retriever.invoke(WEEKS)[0]
    score = found.metadata.pop("score")
    assert isinstance(score, float)
    assert found == Document(
        id="training-en:17-68",
        page_content="New agents train for six weeks. A coach listens in.",
        metadata={
            "document": "training-en",
            "title": "Training-En",
            "language": "en",
            "source": "file:///training-en",
            "start": 17,
            "end": 68,
            "quote": "New agents train for six weeks.",
            "quote_start": 17,
            "quote_end": 48,
            "article": "training-en",
            "versions": [
                {
                    "language": "nl",
                    "document": "training-nl",
                    "quote": "Nieuwe agents leren zes weken.",
                    "start": 0,
                    "end": 30,
                },
                {
                    "language": "vi",
                    "document": "training-vi",
                    "quote": "🎓 New agents học sáu weeks.",
                    "start": 0,
                    "end": 27,
                },
            ],
        },
    )


@pytest.mark.parametrize("question", [WEEKS, WEKEN, "Nhân viên mới học bao lâu?", "a coach", "refunds at noon", "何"])
def test_all_offsets_cut_their_quote_out_of_its_document(
    retriever: DragomanRetriever, store: Store, question: str
) -> None:
    texts = {document.id: document.text for document in store.documents()}
    found = retriever.invoke(question, k=10)
    assert len(found) == 4
    for passage in found:
        held = passage.metadata
        text = texts[held["document"]]
        assert text[held["start"] : held["end"]] == passage.page_content
        assert text[held["quote_start"] : held["quote_end"]] == held["quote"]
        assert held["quote"] in passage.page_content
        for version in held["versions"]:
            assert texts[version["document"]][version["start"] : version["end"]] == version["quote"]


def test_articles_come_once_each_best_first(retriever: DragomanRetriever) -> None:
    found = retriever.invoke(WEEKS)
    assert sorted(passage.metadata["article"] for passage in found) == ["canteen", "refunds", "training-en", "vakantie"]
    scores = [passage.metadata["score"] for passage in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[1]


@pytest.mark.parametrize("language", [None, "en", "nl", "vi", "fr"])
@pytest.mark.parametrize("question", [WEEKS, WEKEN, "who may refund forty euros", "when does the canteen open"])
def test_the_passages_are_those_that_the_bot_would_show(
    retriever: DragomanRetriever, store: Store, question: str, language: str | None
) -> None:
    engine = AnswerEngine(Retriever(store, WordEmbedder()))
    expected = [
        (citation.document, citation.passage, citation.quote, citation.start, citation.end, len(citation.versions))
        for citation in engine.passages(Question(question, language), 3)
    ]
    assert [
        (
            held["document"],
            passage.page_content,
            *(held[name] for name in ("quote", "quote_start", "quote_end")),
            len(held["versions"]),
        )
        for passage in retriever.invoke(question, language=language, k=3)
        for held in [passage.metadata]
    ] == expected


def test_the_metadata_are_plain_data(retriever: DragomanRetriever) -> None:
    for passage in retriever.invoke(WEEKS):
        assert Document.model_validate_json(passage.model_dump_json()) == passage
        assert json.loads(json.dumps(passage.metadata)) == passage.metadata


# What language it quotes


def first(found: Sequence[Document]) -> str:
    return str(found[0].metadata["document"])


def test_the_version_is_that_of_the_language_that_is_asked_in(retriever: DragomanRetriever) -> None:
    assert first(retriever.invoke(WEEKS)) == "training-en"
    found = retriever.invoke(WEKEN)
    assert first(found) == "training-nl"
    assert [version["language"] for version in found[0].metadata["versions"]] == ["en", "vi"]


def test_the_asker_may_speak_another_language_than_the_question(folder: Path, retriever: DragomanRetriever) -> None:
    assert first(retriever.invoke(WEEKS, language="vi")) == "training-vi"
    with DragomanRetriever(index=folder, language="NL_be", embedder=WordEmbedder()) as dutch:
        assert dutch.language == "nl"
        assert first(dutch.invoke(WEEKS)) == "training-nl"
        assert first(dutch.invoke(WEEKS, language="vi")) == "training-vi"


def test_without_a_version_in_the_askers_language_it_is_the_nearest(retriever: DragomanRetriever) -> None:
    assert first(retriever.invoke(WEEKS, language="fr")) == "training-en"
    assert first(retriever.invoke(WEKEN, language="fr")) == "training-nl"


# What may be asked


@pytest.mark.parametrize("question", ["", "  \n", "?!", "\0", "\ud800"])
def test_a_question_without_words_finds_nothing(retriever: DragomanRetriever, question: str) -> None:
    assert retriever.invoke(question) == []


def test_any_other_text_can_be_asked(retriever: DragomanRetriever) -> None:
    assert first(retriever.invoke(f"\ud800\0{WEEKS}\0")) == "training-en"
    assert first(retriever.invoke(f"{WEEKS} " * 10_000)) == "training-en"
    assert retriever.invoke(WEEKS + " " * 2_000 + "canteen") == retriever.invoke(WEEKS + " " * 2_000)


@pytest.mark.parametrize(
    ("wrong", "said"), [({"k": 0}, "k is 0"), ({"language": "dutch"}, "'dutch' is not a language")]
)
def test_what_cannot_be_used_is_said(
    folder: Path, retriever: DragomanRetriever, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(QuestionError, match=said):
        retriever.invoke(WEEKS, **wrong)
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        DragomanRetriever(index=folder, **wrong)


# Opening and closing


def test_an_index_is_opened_at_the_first_question_with_the_embedder_that_it_remembers(
    tmp_path: Path, opened: list[str | None]
) -> None:
    retriever = DragomanRetriever(index=tmp_path / "index")
    with pytest.raises(IndexMissing, match=r"no index in .*: make one with `dragoman index"):
        retriever.invoke("hello")
    assert opened == []
    with new_store(tmp_path / "index") as store:
        put(store, "one", ["Hello there."])
        align(store, {"one": [0]})
    assert first(retriever.invoke("hello")) == "one"
    retriever.close()
    assert first(retriever.invoke("hello")) == "one"
    retriever.close()
    assert opened == ["words"]


def test_the_embedder_may_be_named(folder: Path, opened: list[str | None]) -> None:
    with DragomanRetriever(index=folder, embedder="a/folder") as retriever:
        assert first(retriever.invoke(WEEKS)) == "training-en"
    assert opened == ["a/folder"]


def test_another_embedder_than_the_indexs_is_an_error_that_leaves_nothing_open(folder: Path) -> None:
    with pytest.raises(IndexMismatch, match="was made with 'words'"):
        DragomanRetriever(index=folder, embedder=WordEmbedder("2")).invoke(WEEKS)


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> list[Store]:
    """Those that were opened to read."""
    seen: list[Store] = []
    original = Store.open_to_read

    def open_to_read(folder: Path) -> Store:
        seen.append(original(folder))
        return seen[-1]

    monkeypatch.setattr(Store, "open_to_read", open_to_read)
    return seen


def is_closed(store: Store) -> bool:
    try:
        return store.generation < 0
    except ProgrammingError:
        return True


def close_it(retriever: DragomanRetriever) -> None:
    retriever.close()
    retriever.close()


def leave_it(retriever: DragomanRetriever) -> None:
    with retriever:
        pass


def forget_it(_: DragomanRetriever) -> None:
    pass


@pytest.mark.parametrize("end", [close_it, leave_it, forget_it])
def test_what_was_opened_is_closed(folder: Path, stores: list[Store], end: Callable[[DragomanRetriever], None]) -> None:
    retriever = DragomanRetriever(index=folder, embedder=WordEmbedder())
    retriever.invoke(WEEKS)
    retriever.invoke(WEKEN)
    assert [is_closed(store) for store in stores] == [False]
    end(retriever)
    del retriever
    gc.collect()
    assert [is_closed(store) for store in stores] == [True]


def test_what_is_indexed_meanwhile_is_taken_up(tmp_path: Path, stores: list[Store]) -> None:
    with new_store(tmp_path) as writing:
        put(writing, "one", ["Hello there."])
        align(writing, {"one": [0]})
        refresh_caches(writing, 0, ["en"], set())
        with DragomanRetriever(index=tmp_path, embedder=WordEmbedder()) as retriever:
            assert first(retriever.invoke("goodbye")) == "one"
            before = writing.generation
            put(writing, "two", ["Goodbye then."])
            align(writing, {"two": [0]})
            assert first(retriever.invoke("goodbye")) == "one"  # a run is at work: its search files are not done
            refresh_caches(writing, before, ["en"], {"two"})
            assert first(retriever.invoke("goodbye")) == "two"
        assert len(stores) == 2
        assert all(map(is_closed, stores))


def test_threads_share_one_retriever_whatever_is_closed_meanwhile(folder: Path) -> None:
    retriever = DragomanRetriever(index=folder, embedder=WordEmbedder())
    questions = {
        WEEKS: "training-en",
        WEKEN: "training-nl",
        "canteen noon": "canteen",
        "drie weken vakantie": "vakantie",
    }

    def ask(number: int) -> bool:
        if number % 7 == 0:
            retriever.close()
        question = list(questions)[number % len(questions)]
        return first(retriever.invoke(question)) == questions[question]

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(ask, range(60)))
    retriever.close()


def test_asked_at_once_and_without_waiting_it_finds_the_same(retriever: DragomanRetriever) -> None:
    async def asked() -> list[Document]:
        return await retriever.ainvoke(WEEKS, k=2, language="nl")

    expected = retriever.invoke(WEEKS, k=2, language="nl")
    assert len(expected) == 2
    assert asyncio.run(asked()) == expected
    assert retriever.batch([WEEKS, WEEKS], k=2, language="nl") == [expected] * 2
    assert retriever.bind(k=2, language="nl").invoke(WEEKS) == expected


# In LangChain's hands


class Scripted(GenericFakeChatModel):
    """Says the next of its messages, and keeps what it was told."""

    told: list[list[BaseMessage]] = Field(default_factory=list)

    @classmethod
    def saying(cls, *messages: AIMessage | str) -> Self:
        return cls(messages=iter(messages))

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.told.append(messages)
        return super()._generate(messages, *args, **kwargs)

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self.bind(tools=[tool.name for tool in tools])


def call(question: str) -> AIMessage:
    return AIMessage(
        "", tool_calls=[{"name": "help_centre", "args": {"query": question}, "id": "1", "type": "tool_call"}]
    )


def numbered(passages: Sequence[Document]) -> str:
    return "\n".join(f"[{number}] {passage.page_content}" for number, passage in enumerate(passages, start=1))


def test_in_a_chain_the_model_reads_the_passages(retriever: DragomanRetriever) -> None:
    model = Scripted.saying("Zes weken. [1]")
    prompt = ChatPromptTemplate.from_template("{passages}\n\n{question}")
    found = retriever.bind(k=1) | RunnableLambda(numbered)
    chain = {"passages": found, "question": RunnablePassthrough()} | prompt | model | StrOutputParser()
    assert chain.invoke(WEKEN) == "Zes weken. [1]"
    assert [message.content for message in model.told[0]] == [
        f"[1] Nieuwe agents leren zes weken. Een coach luistert mee.\n\n{WEKEN}"
    ]


def test_as_a_tool_it_gives_the_model_text_and_the_program_documents(retriever: DragomanRetriever) -> None:
    tool = create_retriever_tool(retriever, "help_centre", "Passages.", response_format="content_and_artifact")
    asking = Scripted.saying(call(WEKEN)).bind_tools([tool]).invoke(WEKEN)
    told = tool.invoke(asking.tool_calls[0])
    assert isinstance(told, ToolMessage)
    assert told.artifact == retriever.invoke(WEKEN)
    assert told.content == "\n\n".join(passage.page_content for passage in told.artifact)


def test_the_examples_in_the_documentation_run(
    folder: Path, opened: list[str | None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chat = Scripted.saying("Six weeks. [1]", call(WEEKS), "Six weeks, says the help centre.")
    monkeypatch.setattr("langchain.chat_models.init_chat_model", lambda *_: chat)
    monkeypatch.chdir(folder.parent)
    names: dict[str, Any] = {}
    for block in re.findall("```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)
    names["retriever"].close()
    assert opened == ["words", None]
    chain, first_of_agent, second_of_agent = chat.told
    assert re.search(r"\[1\] .+\[4\] .+\n\nHoe lang duurt", str(chain[-1].content), re.DOTALL)
    assert first_of_agent[-1].content == "How long is the training for new agents?"
    assert isinstance(second_of_agent[-1], ToolMessage)
    assert first(second_of_agent[-1].artifact) == "training-en"
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "file:///training-en New agents train for six weeks."
    assert printed[-2:] == ["Six weeks. [1]", "Six weeks, says the help centre."]


# Embeddings


def test_embeddings_are_the_embedders_own(bundled_embedder: Embedder) -> None:
    texts = ["New agents train for six weeks.", "", "🎓 New agents học sáu weeks.", "\ud800"]
    embeddings = DragomanEmbeddings(bundled_embedder)
    documents = embeddings.embed_documents(texts)
    assert np.allclose(documents, bundled_embedder.embed_passages(texts), atol=1e-6)
    assert np.allclose(np.linalg.norm(documents, axis=1), 1, atol=1e-5)
    assert np.allclose(embeddings.embed_query(texts[0]), bundled_embedder.embed_queries(texts[:1])[0], atol=1e-6)
    assert not np.allclose(embeddings.embed_query(texts[0]), documents[0], atol=1e-3)  # each has a prefix of its own
    assert embeddings.embed_documents([]) == []


def test_embeddings_open_the_bundled_model_or_the_one_that_is_named(opened: list[str | None]) -> None:
    assert DragomanEmbeddings().embed_query("hello") == WordEmbedder.vector("hello").tolist()
    DragomanEmbeddings("a/folder")
    assert opened == [None, "a/folder"]


def test_a_vector_store_of_langchains_finds_across_languages(bundled_embedder: Embedder) -> None:
    vectors = InMemoryVectorStore.from_texts(
        ["Nieuwe medewerkers krijgen zes weken opleiding.", "De kantine gaat om twaalf uur open."],
        DragomanEmbeddings(bundled_embedder),
    )
    found = vectors.similarity_search("How long is the training for new agents?", k=1)
    assert found[0].page_content.startswith("Nieuwe medewerkers")


# What the rest of the house does not need


def test_neither_the_index_nor_a_question_at_the_command_imports_langchain() -> None:
    script = """
import sys, ui.cli, ui.console, bot.engine, index.indexer, index.retriever, index.embedding
print([name for name in sys.modules if "langchain" in name])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
