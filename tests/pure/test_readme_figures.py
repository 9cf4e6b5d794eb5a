"""README quotes the newest figures of the benches, and no others."""

from __future__ import annotations

import re

import pytest

from tests.bench import readme_figures
from tests.bench.result_file import RESULTS


def test_the_section_on_benches_is_what_their_results_say() -> None:
    readme = readme_figures.README.read_text()
    assert readme_figures.rewritten(readme) == readme, "run python -m tests.bench.readme_figures"


MEASURED = [name for name in readme_figures.SAID_OF if (RESULTS / f"{name}.json").is_file()]


@pytest.mark.parametrize("name", MEASURED)
def test_each_result_says_what_made_it_and_is_quoted(name: str) -> None:
    result = readme_figures.result(name)
    assert re.fullmatch(r"[0-9a-f]{40}", result["commit"])
    assert f"`{result['command']}`" in " ".join(readme_figures.README.read_text().split())


def test_rewriting_touches_its_own_section_alone() -> None:
    assert readme_figures.rewritten("# a\n\n## Measured\nold\n\n## Next\n\nb\n") == (
        f"# a\n\n{readme_figures.section()}\n## Next\n\nb\n"
    )
