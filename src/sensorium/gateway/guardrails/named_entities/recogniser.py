"""Presidio with one spaCy model: built in a process of its own, since both are large and slow.

Models: Presidio's ``AnalyzerEngine`` and ``RecognizerRegistry``; spaCy pipelines, whose components
that write ``doc.ents`` are what finds names. Nothing is fetched: a model that is not there is
refused.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

# Parts of a pipeline that no finding depends on, and those that only words beside a number need.
_UNUSED: Final = ("parser", "senter", "textcat", "textcat_multilabel")
_FOR_LEMMAS: Final = ("tagger", "morphologizer", "attribute_ruler", "lemmatizer")
_BATCH: Final = 64
_LABEL = re.compile(r"[A-Z][A-Z0-9_]{0,30}")

# Characters `start` to `end` are what the label says.
Found = tuple[int, int, str]


class UnusableError(Exception):
    """These settings cannot work; ``next_step`` says what to do."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


class Recogniser:
    """Finds ``entities`` (Presidio's names) in texts of one language.

    ``model`` is the name of an installed spaCy model or the path of one; empty stands for none, so
    that only Presidio's patterns look. Raises :class:`UnusableError`.
    """

    def __init__(
        self, model: str, language: str, entities: Collection[str], threshold: float
    ) -> None:
        _without_torch(model)
        logging.disable(logging.CRITICAL)  # Presidio's log may quote what it looks at
        pipeline = _pipeline(model, language)
        _without_lists_from_the_internet()
        by_model = _by_model(pipeline)
        patterns = _patterns(language)
        known = {*by_model.values(), *(name for one in patterns for name in one.supported_entities)}
        if unknown := sorted(set(entities) - known):
            raise _unknown(unknown, known, model)
        wanted = [one for one in patterns if set(one.supported_entities) & set(entities)]
        if not wanted:
            pipeline.disable_pipes(*set(_FOR_LEMMAS) & set(pipeline.pipe_names))
        self._engine = _engine(pipeline, language, by_model, entities, wanted)
        self._language = language
        self._entities = list(entities)
        self._threshold = threshold

    def find(self, texts: Sequence[str]) -> list[list[Found]]:
        """What is found in each text: in order, without overlaps.

        Of those that overlap, the surest is kept, then the longest. Without a letter or a digit
        nothing is a name, whatever a model says.
        """
        # Many short texts at once take a third of the time that they take one by one.
        seen = self._engine.nlp_engine.process_batch(texts, self._language, batch_size=_BATCH)
        return [self._find(text, artifacts) for text, artifacts in seen]

    def _find(self, text: str, artifacts: Any) -> list[Found]:
        results = self._engine.analyze(
            text,
            self._language,
            entities=self._entities,
            score_threshold=self._threshold,
            nlp_artifacts=artifacts,
        )
        results.sort(key=lambda one: (-one.score, one.start - one.end, one.start))
        kept: list[Found] = []
        for one in results:
            start, end = _stripped(text, one.start, one.end)
            if not any(map(str.isalnum, text[start:end])):
                continue
            if all(end <= other[0] or start >= other[1] for other in kept):
                kept.append((start, end, one.entity_type))
        return sorted(kept)


def _without_torch(model: str) -> None:
    """spaCy imports torch wherever it is installed; only a transformer needs its 180 MB."""
    place = Path(model)
    if model and not place.exists():
        found = find_spec(model) if model.isidentifier() else None
        if found is not None and found.origin:
            place = Path(found.origin).parent
    configs = [*place.glob("config.cfg"), *place.glob("*/config.cfg")] if model else []
    if not any("transformer" in one.read_text(encoding="utf-8") for one in configs):
        modules: dict[str, Any] = sys.modules
        modules.setdefault("torch", None)  # an import of it raises ImportError


def _without_lists_from_the_internet() -> None:
    import tldextract

    extract = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
    tldextract.tldextract.TLD_EXTRACTOR = extract


def _pipeline(model: str, language: str) -> Any:
    import spacy

    if not model:
        try:
            return spacy.blank(language)
        except ImportError:
            raise UnusableError(f"spaCy knows no language {language!r}") from None
    if not (spacy.util.is_package(model) or Path(model).exists()):
        raise UnusableError(
            f"the spaCy model {model!r} is not installed, and nothing is downloaded here",
            f"`python -m spacy download {model}`, or install its wheel, or name its folder",
        )
    try:
        pipeline = spacy.load(model, exclude=_UNUSED)
    except Exception as error:
        why = f"{type(error).__name__}: {error}".partition("\n")[0][:200]
        raise UnusableError(f"the spaCy model {model!r} cannot be loaded: {why}") from error
    if pipeline.lang not in {language, "xx"}:
        raise UnusableError(f"the spaCy model {model!r} is of {pipeline.lang}, not of {language}")
    return pipeline


def _by_model(pipeline: Any) -> dict[str, str]:
    """Each label that the pipeline gives, and Presidio's name for it."""
    from presidio_analyzer.nlp_engine import NerModelConfiguration

    usual = {"FAC": "LOCATION", **(NerModelConfiguration().model_to_presidio_entity_mapping or {})}
    return {
        label: usual.get(label, label)
        for label in _labels(pipeline)
        if _LABEL.fullmatch(label) is not None
    }


def _patterns(language: str) -> list[Any]:
    """Presidio's recognisers of the language that need no model."""
    from presidio_analyzer import RecognizerRegistry
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    registry = RecognizerRegistry(supported_languages=[language])
    registry.load_predefined_recognizers(languages=[language])
    return [
        one
        for one in registry.recognizers
        if not isinstance(one, SpacyRecognizer) and one.supported_language == language
    ]


def _engine(
    pipeline: Any,
    language: str,
    by_model: dict[str, str],
    entities: Collection[str],
    patterns: list[Any],
) -> Any:
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    ignored = [one for one in _labels(pipeline) if by_model.get(one) not in entities]
    engine: Any = SpacyNlpEngine(
        ner_model_configuration=NerModelConfiguration(
            model_to_presidio_entity_mapping=by_model or {"PERSON": "PERSON"},
            labels_to_ignore=ignored,
        )
    )
    engine.nlp = {language: pipeline}  # its own `load` would download what is not there
    recognisers = list(patterns)
    if named := sorted(set(by_model.values()) & set(entities)):
        recognisers.append(SpacyRecognizer(language, supported_entities=named))
    registry = RecognizerRegistry(recognisers, supported_languages=[language])
    return AnalyzerEngine(registry, engine, supported_languages=[language])


def _labels(pipeline: Any) -> list[str]:
    return [
        label
        for name in pipeline.pipe_names
        if "doc.ents" in pipeline.get_pipe_meta(name).assigns
        for label in pipeline.pipe_labels.get(name, ())
    ]


def _unknown(unknown: list[str], known: Collection[str], model: str) -> UnusableError:
    means = f"the spaCy model {model!r} and Presidio's patterns" if model else "patterns alone"
    what = ", ".join(sorted(known)) or "nothing"
    return UnusableError(
        f"nothing finds {', '.join(unknown)}; by {means} can be found: {what}",
        "name a spaCy model that has it, or leave it out of `entities`",
    )


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
