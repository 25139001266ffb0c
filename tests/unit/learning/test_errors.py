import pytest

from scatter.learning import errors
from scatter.learning.errors import LearningError, shown


def test_every_error_is_a_learning_error():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert len(kinds) == 5
    assert all(issubclass(kind, LearningError) for kind in kinds)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a\nb\x1b[31m\u202e", "a?b?[31m?"),
        ("x" * 120, "x" * 120),
        ("x" * 121, "x" * 120 + "…"),
        (7, "7"),
    ],
)
def test_text_from_strangers_is_cut_and_cleaned(text, expected):
    assert shown(text) == expected
