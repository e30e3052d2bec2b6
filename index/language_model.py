"""py3langid's model, unpacked once into the cache folder, from where it loads in a tenth of the time."""

from __future__ import annotations

import importlib.metadata
import logging
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import EmbedderError

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

__all__ = ["language_model"]

log = logging.getLogger(__name__)

RECIPE = 1
"""Counted up whenever the same model would be unpacked into other files."""

_loading = threading.Lock()


def language_model() -> LanguageIdentifier:
    """The model, loaded by the first call in the process, whichever thread that is."""
    with _loading:
        return _load()


@cache
def _load() -> LanguageIdentifier:
    try:
        return _read(_unpacked_folder())
    except (EmbedderError, OSError, ValueError) as error:
        log.info("The language model is unpacked in memory: %s", error)
        return _packed()


def _packed() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # loads NumPy

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def _unpacked_folder() -> Path:
    from index.embedding.model_cache import cache_folder, ensure_built  # loads the embedder's modules

    return ensure_built(cache_folder() / f"py3langid-{importlib.metadata.version('py3langid')}-{RECIPE}", _unpack)


def _unpack(folder: Path) -> None:
    import numpy as np

    model = _packed()
    np.save(folder / "features.npy", model.nb_ptc)
    np.save(folder / "priors.npy", model.nb_pc)
    np.save(folder / "labels.npy", np.array(model.nb_classes))
    np.save(folder / "moves.npy", np.asarray(model.tk_nextmove))
    np.save(folder / "rows.npy", np.asarray(model.tk_row))
    np.save(folder / "outputs.npy", np.asarray(model.tk_output, dtype=np.int32))


def _read(folder: Path) -> LanguageIdentifier:
    """Maps the two big tables into memory: a question touches a few pages of them."""
    import numpy as np
    from py3langid.langid import LanguageIdentifier

    return LanguageIdentifier(
        np.load(folder / "features.npy", mmap_mode="r"),
        np.load(folder / "priors.npy"),
        np.load(folder / "labels.npy").tolist(),
        memoryview(np.load(folder / "moves.npy", mmap_mode="r")),
        np.load(folder / "outputs.npy").tolist(),
        tk_row=np.load(folder / "rows.npy").tolist(),
    )
