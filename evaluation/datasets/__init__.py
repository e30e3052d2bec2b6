"""The datasets: our own, by name, and files and folders of several formats, by what they look like."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from evaluation.datasets.beir import read_beir
from evaluation.datasets.corpora import Files
from evaluation.datasets.questions_file import read_questions
from evaluation.datasets.squad import read_squad
from evaluation.datasets.xquad_r import is_xquad_r, read_xquad_r
from evaluation.errors import DatasetError
from evaluation.types import Dataset

__all__ = ["OWN", "WITH_UNANSWERABLE", "open_dataset"]

ROOT = Path(__file__).parents[2]

OWN = {"samples": ROOT / "evaluation" / "data" / "samples.jsonl", "seeds": ROOT / "evaluation" / "data" / "seeds.jsonl"}
"""Our own sets. The sample articles are part of the project; the seed articles are not."""

WITH_UNANSWERABLE = "+unanswerable"
"""Behind the path of an XQuAD-R folder: a part of the paragraphs is left out of the documents."""


def open_dataset(name: str, *, language: str | None = None, corpus: Path | None = None) -> Dataset:
    """The dataset of that name or path, over the documents in `corpus` where given. Raises DatasetError.

    A name of `OWN`; a folder of XQuAD-R or in BEIR's format; a file in SQuAD's; a CSV, TSV or JSON-lines file of
    questions. `language` is that of what the files do not say.
    """
    dataset = _read(name, language)
    if corpus is not None:
        if not corpus.exists():
            raise DatasetError(f"there are no documents at {corpus}")
        return replace(dataset, corpus=Files((corpus,)))
    if name == "samples":
        samples = ROOT / "samples"
        if not samples.is_dir():
            raise DatasetError("the sample articles come with the project's checkout only: name them with --corpus")
        return replace(dataset, corpus=Files((samples,)))
    return dataset


def _read(name: str, language: str | None) -> Dataset:
    if name in OWN:
        return read_questions(OWN[name])
    unanswerable = name.endswith(WITH_UNANSWERABLE)
    path = Path(name.removesuffix(WITH_UNANSWERABLE))
    if is_xquad_r(path):
        wanted = dict.fromkeys(code for part in (language or "").split(",") if (code := part.strip()))
        return read_xquad_r(path, languages=tuple(wanted), unanswerable=unanswerable)
    if unanswerable:
        raise DatasetError(f"{WITH_UNANSWERABLE} goes behind a folder of XQuAD-R, and {path} is none")
    if path.is_dir():
        return _read_folder(path, language)
    if not path.is_file():
        raise DatasetError(f"no dataset is called {name!r}: give a file, a folder, or one of {', '.join(OWN)}")
    if path.name.endswith((".json", ".json.gz")) and not _is_list(path):
        return read_squad(path, language=language)
    return read_questions(path, language=language)


def _read_folder(path: Path, language: str | None) -> Dataset:
    if (path / "corpus.jsonl").is_file():
        return read_beir(path, language=language)
    raise DatasetError(
        f"{path} is no dataset: a folder holds either corpus.jsonl, queries.jsonl and qrels/ (BEIR), or "
        "en.json.gz and other languages (XQuAD-R)"
    )


def _is_list(path: Path) -> bool:
    """Whether the file is a list of rows, as a questions file is, and not an object, as SQuAD's are."""
    if path.suffix == ".gz":
        return False
    try:
        return isinstance(json.loads(path.read_text("utf-8-sig")), list)
    except (OSError, ValueError, RecursionError):
        return False
