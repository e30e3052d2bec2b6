"""Abbreviations that sentencex takes for the end of a sentence, by language; written without their last full stop.

sentencex's own lists cannot be extended from Python, so only what it was seen to get wrong stands here. One in small
letters is also met with a capital ("dhr", "Dhr"); one with a capital is met only so, since it is a word or a unit
otherwise ("M. Petit" but "cinq m. Puis").
"""

from __future__ import annotations

_BEFORE_NAMES = {
    "": "Dr Prof Mr Mrs Ms St vs incl excl approx",
    "nl": "dhr mevr mw drs ir bijv o.a i.v.m t.a.v d.w.z m.b.t incl excl",
    "fr": "M MM Mme Mlle Mgr Me Pr Dr St Ste av bd p.ex",
    "pt": "Av Sr Sra Srta Dr Dra D R Eng Prof Profa Exmo Exma p.ex",
    "es": "Sr Sra Srta Dr Dra Dña Ud Uds Av Avda p.ej",
    "it": "sig sig.ra sigg dott dott.ssa avv Prof Ing S p.es",
    "ro": "dl dna d-na d-l dlui Str Bd Prof Dr ing Sf",
    "id": "Jl Bpk Ibu Sdr Tgl Kel Kec Kab Gg Drs Ir H Hj PT CV Tn Ny Dr Prof",
    "vi": "TP Tp GS PGS TS ThS Th.S BS KS CN TT Q P Tx TX Mr Mrs Dr Prof",
    "de": "Dr Prof Hr Fr bzw ca ggf inkl exkl z.B d.h u.a vgl St",
    "en": "Mr Mrs Ms Dr Prof St vs Gov Gen Sen Rep Rev Hon Capt Lt Col Sgt e.g i.e approx Mt Ft",
    "sv": "t.ex bl.a d.v.s s.k fr.o.m t.o.m ca",
    "da": "f.eks bl.a d.v.s dvs hr fr ca",
    "nb": "f.eks bl.a d.v.s dvs hr fr ca",
    "fi": "esim ns mm",
    "pl": "np ul al pl os prof dr hab mgr inż tzw tj św m.in",
    "cs": "např tzv ul nám ing mgr dr prof doc tj sv",
    "tr": "Dr Prof Doç Av Cad Mah Sok örn bkz Sn",
    "el": "π.χ κ κα καθ λεωφ οδ βλ δηλ Δρ Αγ",
    "ru": "ул пр просп обл им проф акад доц см т.е т.к т.н др",
    "uk": "вул просп обл ім проф акад доц див т.зв",
    "ar": "د أ م",
    "he": "עמ מס טל רח",
    "hi": "डॉ डा प्रो पं मो कु",
}

_BEFORE_NUMBERS_SPELT = (
    "no nr nº n° art p pp pag pág pg s str fig figs vol ch cap kap sec tel tél kl ca hlm blz bl tr nro č čp § с "
    "стр ст рис табл тел д кв п гл вул буд σελ αρ τηλ"
)
_BEFORE_NUMBERS = frozenset(_BEFORE_NUMBERS_SPELT.split())

_ALIASES = {"no": "nb", "nn": "nb", "iw": "he", "in": "id", "ms": "id"}
_TABLE = {language: frozenset(words.split()) for language, words in _BEFORE_NAMES.items()}
LONGEST = max(len(word) for words in _TABLE.values() for word in words)


def stands_before_name(word: str, language: str) -> bool:
    """Whether the full stop after `word` is an abbreviation's, whatever follows. `language`: a primary subtag."""
    known = _TABLE.get(_ALIASES.get(language, language), _TABLE[""])
    return word in known or word[:1].lower() + word[1:] in known


def stands_before_number(word: str) -> bool:
    """Whether the full stop after `word` is an abbreviation's where a number follows, as in "No. 5"."""
    return word.lower() in _BEFORE_NUMBERS
