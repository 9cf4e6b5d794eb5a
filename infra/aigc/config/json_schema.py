"""The JSON Schema of a whole stack file, for editors: our object and Pulumi's own keys around it."""

from __future__ import annotations

from typing import Any

from aigc.config.problems import ROOT, SECRETS
from aigc.config.spec import StackSpec

_SECURE = {
    "type": "object",
    "properties": {"secure": {"type": "string", "description": "Ciphertext written by `pulumi config set --secret`."}},
    "required": ["secure"],
    "additionalProperties": False,
}


def stack_file_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of `stacks/Pulumi.<stack>.yaml`."""
    stack = StackSpec.model_json_schema(ref_template="#/$defs/{model}")
    definitions = stack.pop("$defs", {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file of aigc",
        "description": "stacks/Pulumi.<cloud>-<env>.yaml: only what differs from the defaults.",
        "type": "object",
        "required": ["config"],
        "additionalProperties": False,
        "properties": {
            "config": _config(),
            "secretsprovider": {
                "type": "string",
                "description": "Pulumi: which service encrypts this stack's secrets.",
            },
            "encryptedkey": {"type": "string", "description": "Pulumi: data key, encrypted by the secrets provider."},
            "encryptionsalt": {"type": "string", "description": "Pulumi: salt of the passphrase provider."},
            "environment": {
                "type": ["object", "array"],
                "description": "Pulumi: environments that this stack imports.",
            },
        },
        "$defs": {**definitions, "StackSpec": stack, "Secure": _SECURE},
    }


def _config() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "Configuration; keys are <namespace>:<name>.",
        "required": [ROOT],
        "properties": {
            ROOT: {"$ref": "#/$defs/StackSpec"},
            SECRETS: {
                "description": "Secrets of this stack, encrypted.",
                "anyOf": [
                    {"$ref": "#/$defs/Secure"},
                    {"type": "object", "additionalProperties": {"$ref": "#/$defs/Secure"}},
                ],
            },
        },
        # Other namespaces are read by other programs (gcp:, kubernetes:, pulumi:); ours has these two keys only.
        "patternProperties": {"^(?!aigc:)[^:]+:.+$": {}},
        "additionalProperties": False,
    }
