"""The YAML front matter of a Markdown file: title, language and link key."""

from __future__ import annotations

from dataclasses import dataclass

from index.sources.declared import declared_text, primary_language

_LIMIT = 1 << 16
_TITLE = ("title",)
_LANGUAGE = ("language", "lang", "locale")
_ARTICLE = ("article", "translation_of", "translationkey", "translation_key")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a file says about itself; None where it says nothing."""

    title: str | None = None
    language: str | None = None
    article: str | None = None


def parse_front_matter(source: str) -> FrontMatter:
    """The scalars of the top level that Dragoman knows; what is no YAML mapping declares nothing.

    The values are read off the parse tree as they are written. No object is built from them, so an alias or a merge
    key cannot make a short text long, `lang: no` is Norwegian and not `False`, and `title: 2024` is a title.
    """
    import yaml  # only Markdown with front matter needs it

    if len(source) > _LIMIT:
        return FrontMatter()
    try:
        root = yaml.compose(source, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return FrontMatter()
    if not isinstance(root, yaml.MappingNode):
        return FrontMatter()
    pairs = [(key, value) for key, value in root.value if isinstance(key, yaml.ScalarNode)]
    values = {
        key.value.lower(): value.value
        for key, value in pairs
        if isinstance(value, yaml.ScalarNode) and value.tag != "tag:yaml.org,2002:null"
    }
    title, language, article = (_first(values, names) for names in (_TITLE, _LANGUAGE, _ARTICLE))
    return FrontMatter(title, primary_language(language), article)


def _first(values: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := declared_text(values.get(name)))), None)
