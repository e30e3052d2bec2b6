"""How well versions are found and their sentences aligned: `python -m evaluation.versions --samples --seeds DIR ...`.

Each part that is asked for is one Markdown table. What is measured is the linking and aligning of this code: documents
are embedded once (and kept with --cache), and linked anew in a copy each time.

- `--samples`, `--seeds DIR`: sentences against those that were aligned by hand, in evaluation/data/alignment.
- `--xquad-r DIR`: the sentences that hold the answer to one question in two languages should be aligned; and each
  paragraph is a document, whose versions are to be found. Aligning was tuned on the articles of even number.
- `--fastapi FILE.tar.gz`: FastAPI's manual, its versions found by their paths, and then by content alone.
- `--libreoffice DIR`: pages of LibreOffice's help without anything that tells which belong together, and then half of
  them: a page whose version is missing has to stay alone.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluation.provenance import provenance
from evaluation.versions.bench import Bench
from evaluation.versions.fastapi import fastapi_links
from evaluation.versions.gold import aligned_with_gold
from evaluation.versions.libreoffice import PAGES, libreoffice_links
from evaluation.versions.rows import Part, Score
from evaluation.versions.xquad_r import xquad_r_parts
from index.embedding import open_embedder
from index.errors import DragomanError

__all__ = ["main", "markdown"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the tables."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not (options.samples or options.seeds or options.xquad_r or options.fastapi or options.libreoffice):
        parser.error("name at least one of --samples, --seeds, --xquad-r, --fastapi and --libreoffice")
    parts: list[Part] = []
    try:
        with tempfile.TemporaryDirectory() as scratch:
            cache = options.cache or Path(scratch) / "cache"
            bench = Bench(open_embedder(progress=_say), cache, Path(scratch), _say)
            for part in _parts(options, bench):
                print(markdown(part), flush=True)
                parts.append(part)
    except DragomanError as error:
        parser.exit(2, f"{error}\n")
    if options.json:
        content = {"made": provenance(), "parts": [_as_json(part) for part in parts]}
        options.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.versions", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", action="store_true", help="the sample articles")
    parser.add_argument("--seeds", type=Path, metavar="DIR", help="the seed articles")
    parser.add_argument("--xquad-r", type=Path, metavar="DIR", help="the folder of XQuAD-R")
    parser.add_argument("--fastapi", type=Path, metavar="FILE.tar.gz", help="FastAPI's docs/<language>/docs/...")
    parser.add_argument("--libreoffice", type=Path, metavar="DIR", help="the folder of pages.<language>.jsonl.gz")
    parser.add_argument("--pages", type=int, default=PAGES, help=f"of LibreOffice's help, by default {PAGES}")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keeps embedded documents for the next time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all figures, with what they were measured with")
    return parser


def _parts(options: argparse.Namespace, bench: Bench) -> Iterator[Part]:
    own = [("samples", None)] * options.samples + [("seeds", options.seeds)] * (options.seeds is not None)
    if own:
        rows = [row for name, corpus in own for row in aligned_with_gold(name, corpus, bench)]
        yield Part("Sentences against those aligned by hand", tuple(rows))
    if options.xquad_r:
        yield from xquad_r_parts(options.xquad_r, bench)
    if options.fastapi:
        yield Part("Versions of the pages of FastAPI's manual", tuple(fastapi_links(options.fastapi, bench)))
    if options.libreoffice:
        rows_of_links = libreoffice_links(options.libreoffice, bench, options.pages)
        yield Part("Versions of the pages of LibreOffice's help, by content alone", tuple(rows_of_links))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def markdown(part: Part) -> str:
    """The part as a table under its title."""
    header = part.rows[0].HEADER
    lines = [header, ("---",) * len(header), *(row.cells() for row in part.rows)]
    return f"{part.title}:\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _as_json(part: Part) -> dict[str, Any]:
    return {"title": part.title, "rows": [asdict(row) | _shares(row.score) for row in part.rows]}


def _shares(score: Score) -> dict[str, float | None]:
    shares = {"precision": score.precision, "recall": score.recall, "f1": score.f1}
    return {name: None if math.isnan(share) else round(share, 5) for name, share in shares.items()}


if __name__ == "__main__":
    main()
