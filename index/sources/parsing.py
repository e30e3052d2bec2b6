"""Where another project's parser meets a file that nobody has vouched for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from index.errors import SourceError


@contextmanager
def damage_of(kind: str) -> Iterator[None]:
    """Turn whatever a parser raises over a broken file into a SourceError that calls it a damaged `kind`.

    Parsers of old binary formats fail on broken input in more ways than they document: KeyError, AttributeError,
    RecursionError, AssertionError. Only the call of the parser belongs inside.
    """
    try:
        yield
    except SourceError:
        raise
    except MemoryError as error:
        raise SourceError(f"damaged {kind} (it expands beyond the memory there is)") from error
    except Exception as error:
        raise SourceError(f"damaged {kind} ({type(error).__name__})") from error
