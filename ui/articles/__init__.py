"""How `dragoman articles` talks to a person: the articles of an index, one of them side by side, and where they drift.

The same as JSON is made here too; the command's help has its shapes.
"""

from __future__ import annotations

from ui.articles.choosing import chosen_languages, find_article
from ui.articles.drift import drift_json, print_drift
from ui.articles.listing import articles_json, print_articles
from ui.articles.side_by_side import article_json, print_article

__all__ = [
    "article_json",
    "articles_json",
    "chosen_languages",
    "drift_json",
    "find_article",
    "print_article",
    "print_articles",
    "print_drift",
]
