"""Every row there is, which model each name means, and what would make a row wrong."""

from __future__ import annotations

from collections.abc import Iterator

from tests.contracts.aws_ec2_rows import AWS_EC2_ROWS
from tests.contracts.aws_eks_rows import AWS_CLUSTER_ROWS
from tests.contracts.aws_karpenter_rows import AWS_KARPENTER_ROWS
from tests.contracts.aws_sagemaker_rows import AWS_SAGEMAKER_ROWS
from tests.contracts.aws_storage_rows import AWS_STORAGE_ROWS
from tests.contracts.azure_model import PREFIX, azure_model
from tests.contracts.azure_rows import AZURE_ROWS
from tests.contracts.azure_storage_rows import AZURE_STORAGE_ROWS
from tests.contracts.botocore_model import botocore_model
from tests.contracts.discovery_model import discovery_model
from tests.contracts.gcp_rows import GCP_ROWS
from tests.contracts.gcp_storage_rows import GCP_STORAGE_ROWS
from tests.contracts.gcp_tpu_rows import GCP_TPU_ROWS
from tests.contracts.rules import At, Keys, NotCovered, Pairs, Row, Rule
from tests.contracts.schema import Model, Schema, field_of, inside, step
from tests.contracts.walk import Place, target_root

_AWS_ROWS = (*AWS_CLUSTER_ROWS, *AWS_EC2_ROWS, *AWS_KARPENTER_ROWS, *AWS_SAGEMAKER_ROWS, *AWS_STORAGE_ROWS)
_GCP_ROWS = (*GCP_ROWS, *GCP_STORAGE_ROWS, *GCP_TPU_ROWS)
_AZURE_ROWS = (*AZURE_ROWS, *AZURE_STORAGE_ROWS)
ROWS = {row.type: row for row in (*_GCP_ROWS, *_AWS_ROWS, *_AZURE_ROWS)}


def model_of(name: str) -> Model:
    """`container.v1` is a discovery document, `azure-network` an API of Azure's, `eks` a service of botocore's."""
    if name.startswith(PREFIX):
        return azure_model(name)
    return discovery_model(name) if "." in name else botocore_model(name)


def row_objections(row: Row) -> Iterator[str]:
    """Rules that name what is not there, that say nothing, or that leave out what the model has."""
    root = model_of(row.model).root(row.request)
    for path, rule in row.fields.items():
        holder_path, _, name = path.rpartition(".")
        try:
            holder = schema_at(row, root, holder_path)
            same = field_of(holder, name)
            for to in targets_of(rule):
                follow(row, holder, to)
                if same and to == same[0] and _adds_nothing(rule):
                    yield f"{row.type}: {path}: the rule says what is so without it"
            if isinstance(rule, NotCovered) and same and not same[1].output_only:
                yield f"{row.type}: {path}: {holder.name} has it, so it can be checked"
        except KeyError as error:
            yield f"{row.type}: {path}: {error.args[0]}"
    for name in row.filled.keys() - root.required:
        yield f"{row.type}: {name} is filled in, though the request does not require it"


def schema_at(row: Row, root: Schema, path: str) -> Schema:
    """What the API has where the provider's path (without indices) leads."""
    schema, gone = root, ""
    for name in path.split(".") if path else ():
        gone = f"{gone}.{name}" if gone else name
        rule = row.fields.get(gone)
        if isinstance(rule, NotCovered | Pairs | Keys):
            raise KeyError(f"{gone} is no object of the API")
        if rule is not None:
            schema = follow(row, schema, next(targets_of(rule)))
        elif found := field_of(schema, name):
            schema = found[1].schema
        else:
            raise KeyError(f"{schema.name} has no field {name}")
        schema = inside(schema)
    return schema


def follow(row: Row, holder: Schema, to: str) -> Schema:
    """What the API has where a rule's path leads."""
    schema, _, path = target_root(row, model_of, to, Place(holder, "", "", ""))
    for name in path.split(".") if path else ():
        schema = step(schema, name)
    return schema


def targets_of(rule: Rule) -> Iterator[str]:
    """Every place of the API that a rule names."""
    if isinstance(rule, At | Keys):
        yield rule.to
    elif isinstance(rule, Pairs):
        yield from (rule.key, rule.value)
    elif isinstance(rule, tuple):
        yield from (at.to for at in rule)


def _adds_nothing(rule: Rule) -> bool:
    return isinstance(rule, At) and not (rule.each or rule.template or rule.converted)
