"""The archive of a batch: one file that an outsider checks with Python alone."""
from __future__ import annotations
from pathlib import Path
import pytest
from mes.archive import verify
from tests.mes.played import Played
from tests.mes.reports.making import printed
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")

def test_whole(batch: Played, tmp_path: Path, capsys) -> None:
    batch.finish().review()
    batch.release()
    file = tmp_path / "record.pdf"
    file.write_bytes(printed(batch).content)
    Path("/tmp/own/record.pdf").write_bytes(file.read_bytes())
    code = verify.main([str(file)])
    print(capsys.readouterr().out)
    assert code == 0
