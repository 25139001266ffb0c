"""What a demonstration's folder remembers."""

from pathlib import Path

import pytest

from scatter.localnet.cast import Cast
from scatter.localnet.settings import FILE, FolderUnusable, Settings


def test_settings_survive_the_folder(tmp_path: Path) -> None:
    settings = Settings(5, Cast(poison=1), 0.5).with_balances({"trainer-1": [10**23, 0]}, 10**27)
    settings.save(tmp_path)
    assert Settings.load(tmp_path) == settings


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"format": 2}', '{"format": 1, "seed": "x"}'])
def test_other_folders_are_refused_with_the_way_out(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_text(content)
    with pytest.raises(FolderUnusable, match=r"without --resume|start a new one"):
        Settings.load(tmp_path)
