"""The webhook's URL is a secret: it is asked for where it is missing, judged when it is there, and never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigc.catalog.faults import UserError
from aigc.config.load import webhook_url
from aigc.config.stack_file import StackFileError, parse_stack_file

WANTED = "config:\n  aigc:stack:\n    cloud: local\n    models: {gpt: {}}\n    monitoring: {alert_webhook: true}\n"


def parse(folder: Path, content: str) -> bool:
    path = folder / "Pulumi.local.yaml"
    path.write_text(content)
    return parse_stack_file(path).monitoring.alert_webhook


@pytest.mark.parametrize("secrets", ["", "  aigc:secrets:\n    other: {secure: v1:x}\n", "  aigc:secrets: {}\n"])
def test_a_webhook_without_its_secret_is_a_fault(secrets: str, tmp_path: Path) -> None:
    with pytest.raises(
        StackFileError, match=r"monitoring\.alert_webhook: is true, but aigc:secrets holds no"
    ) as caught:
        parse(tmp_path, WANTED + secrets)
    (fault,) = caught.value.faults
    assert fault.where.startswith(f"{tmp_path}/Pulumi.local.yaml:5: ")
    assert fault.way_out.startswith("pulumi config set --secret --path 'aigc:secrets.alert_webhook_url'")


@pytest.mark.parametrize(
    "secrets", ["    alert_webhook_url: {secure: v1:x}\n", "    secure: v1:all-of-it-as-one-secret\n"]
)
def test_with_its_secret_it_is_fine(secrets: str, tmp_path: Path) -> None:
    assert parse(tmp_path, f"{WANTED}  aigc:secrets:\n{secrets}")


def test_a_url_is_taken_as_it_is() -> None:
    url = "https://hooks.example.com/services/T0/a-token?x=1"
    assert webhook_url(f'{{"alert_webhook_url": "{url}"}}') == url
    assert webhook_url('{"alert_webhook_url": "https://h.example.com:443/x"}').endswith(":443/x")


@pytest.mark.parametrize(
    "secrets",
    [
        "",
        "a-token",
        "{}",
        "[]",
        '{"alert_webhook_url": null}',
        '{"alert_webhook_url": 5}',
        '{"alert_webhook_url": ["a-token"]}',
        '{"alert_webhook_url": "a-token"}',
        '{"alert_webhook_url": "http://hooks.example.com/a-token"}',
        '{"alert_webhook_url": "https:///a-token"}',
        '{"alert_webhook_url": "https://hooks.example.com:8443/a-token"}',
        '{"alert_webhook_url": "https://hooks.example.com:no/a-token"}',
    ],
)
def test_what_is_no_https_url_is_refused_without_repeating_it(secrets: str) -> None:
    with pytest.raises(UserError, match=r"aigc:secrets\.alert_webhook_url: ") as refused:
        webhook_url(secrets)
    assert "a-token" not in str(refused.value)
