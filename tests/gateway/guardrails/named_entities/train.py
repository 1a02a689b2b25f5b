"""Trains a small spaCy model that finds names and places, in seconds: ``python -m ... FOLDER``.

Sentences and names are made here. It knows what is written like them, and little else: enough that
real Presidio with a real model of spaCy's is what the tests ask.
"""

from __future__ import annotations

import random
import sys
from typing import Any

FIRST = (
    "Anna Bruno Clara David Emma Felix Greta Hugo Ines Jonas Karla Lukas Maria Nils Olga".split()
)
LAST = "Miller Weber Rossi Novak Silva Dubois Larsen Kowalski Moreau Schmidt Jansen Costa".split()
PLACES = "Berlin Paris Madrid Lisbon Vienna Dublin Oslo Prague Athens Geneva".split()
SENTENCES = (
    "{name} lives in {place}.",
    "Please write to {name} about the trip to {place}.",
    "My name is {name} and I work in {place}.",
    "{name} flew to {place} yesterday.",
    "It was written by {name} in {place} last week",
    "You said: {name} is at home.",
    "to {name}",
    '{{"a": "It was written by {name}."}}',
)
PLAIN = (
    "The weather is fine today.",
    "Please send the report by Monday.",
    "It costs 30 euros.",
    "You said: hello",
    "a fine text",
    '{"a": "a fine text"}',
    '{"a": "all is well.',
    "all is well.",
    "write to <EMAIL_1>",
    "Use the key and write to the address.",
)


def examples(rng: random.Random, nlp: Any) -> list[Any]:
    """Sentences with their names and places marked, and some without."""
    from spacy.training import Example

    made = []
    for _ in range(70):
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        place = rng.choice(PLACES)
        pattern = rng.choice(SENTENCES)
        text = pattern.format(name=name, place=place)
        marks = [(text.index(name), text.index(name) + len(name), "PERSON")]
        if "{place}" in pattern:
            marks.append((text.index(place), text.index(place) + len(place), "GPE"))
        made.append(Example.from_dict(nlp.make_doc(text), {"entities": marks}))
    made += [Example.from_dict(nlp.make_doc(text), {"entities": []}) for text in PLAIN * 3]
    return made


def main(folder: str) -> None:
    """Train and save."""
    modules: dict[str, Any] = sys.modules
    modules["torch"] = None  # spaCy would import it, and need seconds for that
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    rng = random.Random(7)
    spacy.util.fix_random_seed(7)
    made = examples(rng, nlp)
    nlp.initialize(lambda: made)
    for _ in range(7):
        rng.shuffle(made)
        for start in range(0, len(made), 16):
            nlp.update(made[start : start + 16])
    nlp.to_disk(folder)


if __name__ == "__main__":
    main(sys.argv[1])
