"""Loads LiteLLM's SDK when a route first needs it, so that loading it asks nothing of the network.

On its own it would fetch prices and presets from the internet, read a ``.env`` file of the working
folder, and print hints for support.
"""

from __future__ import annotations

import logging
import os
from typing import Any, Final

_SETTINGS: Final = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_MODE": "PRODUCTION",
}
# They log bodies, URLs (with keys in them, for some providers) and exceptions.
_TALKATIVE: Final = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "httpx", "httpcore", "openai")


def load() -> Any:
    """The module ``litellm``. Takes seconds the first time: call it in a thread."""
    os.environ.update(_SETTINGS)
    import litellm

    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.drop_params = False
    litellm.disable_hf_tokenizer_download = True
    litellm.callbacks = []
    litellm.success_callback = []
    litellm.failure_callback = []
    return litellm
