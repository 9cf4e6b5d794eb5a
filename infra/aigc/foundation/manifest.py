"""Platform software from a pinned manifest: read from the cache, checked by sha256, transformed by pure functions.

Nothing is fetched while a graph is made: a URL would be a live look-up, and one commit would give two plans.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from aigc.catalog.cache import manifest_path
from aigc.catalog.faults import fail
from aigc.cluster.kubernetes_object import Body
from aigc.foundation.yaml_documents import documents
from aigc.plan.stack_plan import ComponentPlan

_COMMAND = "python -m scripts cluster manifests"
_WEBHOOK_IS_UP = "jsonpath={.webhooks[0].clientConfig.caBundle}"
_KO_PREFIX = "ko://"


def manifest_text(component: ComponentPlan) -> str:
    """The manifest of a component, if it is the very one that the plan names."""
    where = f"component {component.name} {component.version}"
    path = manifest_path(component.name, component.version)
    if not path.is_file():
        raise fail(
            where, f"its manifest {path} is not there", f"Run `{_COMMAND}`, which extracts it from its Go module"
        )
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != component.manifest_sha256:
        raise fail(
            where,
            f"its manifest {path} has sha256 {found}, the plan wants {component.manifest_sha256}",
            f"Run `{_COMMAND}` to extract it anew; after a new version put its sum into catalog/versions.yaml",
        )
    return content.decode()


def manifest_bodies(component: ComponentPlan, wanted: Callable[[str, str], bool]) -> list[Body]:
    """The wanted objects of a component's manifest, as they stand there."""
    return list(documents(manifest_text(component), wanted))


def without_aggregated_rules(body: Body) -> Body:
    """Leave the rules of an aggregated ClusterRole to the controller that fills them: applying `[]` fights with it."""
    if "aggregationRule" not in body:
        return body
    return {key: value for key, value in body.items() if key != "rules"}


def with_own_webhook_rules(body: Body) -> Body:
    """Leave a webhook's rules to the webhook itself, and count it as there only when it has written them.

    Knative's webhook writes rules and CA into its configurations when it starts; rules of ours would be overwritten
    and every later apply would be a conflict. Until then the API server asks it nothing, so an object that came too
    early would pass unjudged: both engines wait for the CA, which comes in the same write.
    """
    if not body["kind"].endswith("WebhookConfiguration"):
        return body
    webhooks = [{key: value for key, value in hook.items() if key != "rules"} for hook in body["webhooks"]]
    metadata = body["metadata"]
    annotations = {**(metadata.get("annotations") or {}), "pulumi.com/waitFor": _WEBHOOK_IS_UP}
    return {**body, "metadata": {**metadata, "annotations": annotations}, "webhooks": webhooks}


def with_data(body: Body, patches: Mapping[str, Mapping[str, str]]) -> Body:
    """Add our keys to a ConfigMap; `_example` stays, for Knative's webhook checks it against an annotation's sum."""
    if body["kind"] != "ConfigMap" or body["metadata"]["name"] not in patches:
        return body
    return {**body, "data": {**(body.get("data") or {}), **patches[body["metadata"]["name"]]}}


def with_images(body: Body, images: Mapping[str, str]) -> Body:
    """Replace every string that is an image of the manifest (`ko://<import path>` or a reference) by ours."""
    return _replace_strings(body, lambda text: images.get(text, text))


def with_containers(body: Body, change: Callable[[Body], Body]) -> Body:
    """A Deployment with each of its containers changed; any other object as it is."""
    if body["kind"] != "Deployment":
        return body
    pod = body["spec"]["template"]["spec"]
    template = {**body["spec"]["template"], "spec": {**pod, "containers": [change(one) for one in pod["containers"]]}}
    return {**body, "spec": {**body["spec"], "template": template}}


def in_namespace(body: Body, old: str, new: str) -> Body:
    """Move a namespaced object, and every subject that names its namespace, from `old` to `new`."""
    metadata = body["metadata"]
    moved = dict(body)
    if metadata.get("namespace") == old:
        moved["metadata"] = {**metadata, "namespace": new}
    if "subjects" in body:
        moved["subjects"] = [
            {**subject, "namespace": new} if subject.get("namespace") == old else subject
            for subject in body["subjects"]
        ]
    return moved


def unresolved_images(bodies: Iterable[Body]) -> list[str]:
    """Import paths that no image of ours replaced; a pod made of one could never start."""
    return sorted({text for body in bodies for text in _strings(body) if text.startswith(_KO_PREFIX)})


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (text for item in value for text in _strings(item))
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in _strings(item))


def _replace_strings(body: Body, change: Callable[[str], str]) -> Body:
    return {key: _replaced(value, change) for key, value in body.items()}


def _replaced(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_replaced(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, change) for key, item in value.items()}
    return value
