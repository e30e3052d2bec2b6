from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.versions.__main__ import main, markdown
from evaluation.versions.rows import AlignmentRow, Part, Score


def test_a_part_is_a_markdown_table() -> None:
    lines = markdown(Part("Sentences", (AlignmentRow("seeds", Score(3, 4, 1_006), 7, 0),))).splitlines()
    assert lines[0] == "Sentences:"
    assert lines[2].startswith("| articles | pairs in the gold | found | precision |")
    assert lines[4] == "| seeds | 1,006 | 4 | .750 | .003 | 7 | 0 |"
    assert lines[2].count("|") == lines[3].count("|") == lines[4].count("|")


def test_the_command_asks_for_a_part_and_says_in_a_line_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, complaint in (
        ([], "name at least one of --samples, --seeds"),
        (["--xquad-r", str(tmp_path)], "is no folder of XQuAD-R"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2
        assert complaint in capsys.readouterr().err
