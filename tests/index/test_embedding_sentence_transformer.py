"""Real sentence-transformers models, tiny and with random weights, loaded without a network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from index.embedding import open_embedder
from index.embedding.prompts import prompts_of
from index.errors import EmbedderError

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "query", "passage", ":", "hello", "world", "ask", "me"]


def write_tiny_bert(folder: Path, prompts: dict[str, str]) -> Path:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
        initializer_range=1.0,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    settings: dict[str, object] = {
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 32, **special},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True},
        "config_sentence_transformers.json": {"prompts": prompts},
    }
    (folder / "1_Pooling").mkdir()
    for name, content in settings.items():
        (folder / name).write_text(json.dumps(content))
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    folder.mkdir()
    return write_tiny_bert(folder, {"query": "ask me : ", "document": ""})


def test_a_folder_with_its_own_prompts(tiny: Path) -> None:
    from sentence_transformers import SentenceTransformer

    embedder = open_embedder(str(tiny), device="cpu")
    assert (embedder.identity.name, embedder.identity.dimension) == (str(tiny), 16)
    assert (embedder.identity.query_prompt, embedder.identity.passage_prompt) == ("ask me : ", "")
    plain = SentenceTransformer(str(tiny), device="cpu")
    expected = plain.encode(["ask me : hello world", "ask me : world"], normalize_embeddings=True)
    vectors = embedder.embed_queries(["hello world", "world"])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert not np.allclose(embedder.embed_passages(["hello world", "world"]), vectors, atol=1e-2)


def test_the_revision_follows_the_files(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tiny-bert"
    folder.mkdir()
    write_tiny_bert(folder, {"query": "", "document": ""})
    ours, theirs = open_embedder(str(folder), device="cpu").identity, open_embedder(str(tiny), device="cpu").identity
    assert Path(ours.name).name == Path(theirs.name).name
    assert ours.revision != theirs.revision
    assert theirs == open_embedder(str(tiny), device="cpu").identity


def test_hostile_text_and_no_text(tiny: Path) -> None:
    embedder = open_embedder(str(tiny), device="cpu")
    vectors = embedder.embed_passages(["", "\0", "\ud800", "ﷺ" * 3000, "hello " * 20_000])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert embedder.embed_queries([]).shape == (0, 16)


@pytest.mark.parametrize("name", ["", "no/such-model", "../nowhere", "a b c", "x" * 300, "\0"])
def test_a_model_that_is_nowhere_is_one_line(name: str) -> None:
    with pytest.raises(EmbedderError) as caught:
        open_embedder(name)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(EmbedderError, match="Cannot load the model") as caught:
        open_embedder(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_device_that_does_not_exist(tiny: Path) -> None:
    with pytest.raises(EmbedderError, match="warp"):
        open_embedder(str(tiny), device="warp")


def test_prompts_of_the_model_come_before_those_of_its_family() -> None:
    assert prompts_of("intfloat/e5-base-v2", {"query": "", "document": ""}) == ("query: ", "passage: ")
    assert prompts_of("my-e5-small", {"query": "q: "}) == ("q: ", "")
    assert prompts_of("org/model", {"query": "q: ", "passage": "p: "}) == ("q: ", "p: ")
    assert prompts_of("intfloat/multilingual-e5-large-instruct", None)[0].startswith("Instruct: ")
    assert prompts_of("BAAI/bge-m3", {}) == ("", "")
    assert prompts_of("sentence-transformers/LaBSE", None) == ("", "")
