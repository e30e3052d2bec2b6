from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.embedding.batching import equal_length_batches
from index.embedding.bundled import bundled_folder
from index.types import Embedder, Vectors

SAME_MEANING = [
    ("What diploma must an agent have?", "A secondary-school diploma is enough for an agent."),
    ("Welk diploma moet een medewerker hebben?", "Een diploma van de middelbare school volstaat voor een medewerker."),
    ("Quel diplôme doit avoir un agent ?", "Un diplôme d'études secondaires suffit pour un agent."),
    ("Que diploma precisa ter um atendente?", "Um diploma do ensino médio basta para um atendente."),
    ("Nhân viên phải có bằng cấp gì?", "Bằng tốt nghiệp trung học là đủ cho một nhân viên."),
]
OTHERS = [
    "The canteen closes at three on Fridays.",
    "De fietsenstalling is achter het gebouw.",
    "Le parking est payant.",
]
HOSTILE = ["", "\0", "a\0b", "\ud800", "\u202eabc", "ﷺ" * 3000, "x" * 100_000, "😀" * 50, "\n" * 5000, "</s>" * 9]


def cosines(left: Vectors, right: Vectors) -> Vectors:
    product: Vectors = (left * right).sum(axis=1)
    return product


def test_unit_length_float32_in_the_order_given(bundled_embedder: Embedder) -> None:
    texts = [passage for _, passage in SAME_MEANING] + OTHERS
    vectors = bundled_embedder.embed_passages(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(texts), 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(bundled_embedder.embed_passages(texts[::-1]), vectors[::-1], atol=1e-4)


def test_a_question_finds_its_answer_in_any_language(bundled_embedder: Embedder) -> None:
    questions = bundled_embedder.embed_queries([question for question, _ in SAME_MEANING])
    passages = bundled_embedder.embed_passages([passage for _, passage in SAME_MEANING] + OTHERS)
    scores = questions @ passages.T
    assert (scores.diagonal() > scores[:, len(SAME_MEANING) :].max(axis=1) + 0.05).all()
    assert scores.argmax(axis=1).tolist() == list(range(len(SAME_MEANING)))


def test_a_vector_does_not_depend_on_the_texts_beside_it(bundled_embedder: Embedder) -> None:
    texts = [*OTHERS, *(passage * 12 for _, passage in SAME_MEANING), *HOSTILE, *OTHERS]
    together = bundled_embedder.embed_passages(texts)
    alone = np.concatenate([bundled_embedder.embed_passages([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_queries_and_passages_differ(bundled_embedder: Embedder) -> None:
    as_query, as_passage = bundled_embedder.embed_queries(OTHERS), bundled_embedder.embed_passages(OTHERS)
    assert (cosines(as_query, as_passage) < 0.99).all()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_gives_a_unit_vector(bundled_embedder: Embedder, text: str) -> None:
    vectors = bundled_embedder.embed_queries([text])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts(bundled_embedder: Embedder) -> None:
    assert bundled_embedder.embed_passages([]).shape == (0, 384)


def test_threads_may_share_it(bundled_embedder: Embedder) -> None:
    expected = bundled_embedder.embed_queries(OTHERS)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(bundled_embedder.embed_queries, [OTHERS] * 12):
            np.testing.assert_allclose(vectors, expected, atol=1e-4)


def test_it_is_the_sentence_transformers_model_of_its_own_folder(bundled_embedder: Embedder) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(bundled_folder()), device="cpu")
    questions, passages = [q for q, _ in SAME_MEANING], [p for _, p in SAME_MEANING] + ["words " * 900, "ﷺ" * 200]
    assert (cosines(model.encode_query(questions), bundled_embedder.embed_queries(questions)) > 0.997).all()
    assert (cosines(model.encode_document(passages), bundled_embedder.embed_passages(passages)) > 0.99).all()


def test_a_question_needs_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys; from index.embedding import open_embedder; open_embedder().embed_queries(['hello']);"
        "print(sorted({'torch', 'transformers', 'sentence_transformers', 'onnx', 'tokenizers'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 100))
def test_batches_hold_every_row_once_and_one_length_each(lengths: list[int], budget: int) -> None:
    batches = equal_length_batches(lengths, budget)
    assert sorted(row for rows in batches for row in rows) == list(range(len(lengths)))
    for rows in batches:
        assert len({lengths[row] for row in rows}) == 1
        assert len(rows) == 1 or len(rows) * lengths[rows[0]] <= budget
    tokens = [lengths[rows[0]] for rows in batches]
    assert tokens == sorted(tokens, reverse=True)
