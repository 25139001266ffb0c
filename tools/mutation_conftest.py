"""What Hypothesis does in mutation tests: the same few examples each time, and no search for smaller ones. See `mutation.py`."""

import pytest
from hypothesis import Phase, settings

EXAMPLES = 25

settings.register_profile(
    "mutation",
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever a test says itself."""
    quick = settings.get_profile("mutation")
    for item in items:
        test = getattr(item, "obj", None)
        own = getattr(test, "_hypothesis_internal_use_settings", quick)
        if hasattr(test, "hypothesis"):
            examples = min(EXAMPLES, (own or quick).max_examples)
            test._hypothesis_internal_use_settings = settings(quick, max_examples=examples)
