"""Personal inputs are kept as the plan declares: dropped, hashed for good, sealed for the store's key, or plain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shipworthy.base.errors import Tampered, UserError
from shipworthy.deliver.answering import features_table
from shipworthy.deliver.privacy import Keeping, keeping, unreadable
from shipworthy.edges.files import Files
from shipworthy.edges.pseudonyms import Pseudonyms
from shipworthy.edges.sealing import SEALED, opened_table, opened_value
from shipworthy.plan.personal import treatments
from shipworthy.plan.reading import read_plan
from shipworthy.plan.reference_examples import WITHOUT_CODE
from shipworthy.watch.windows import features_of

ALL: dict[str, str] = {"age": "encrypt", "city": "hash", "email": "drop", "visits": "plain"}


@pytest.fixture
def kept(tmp_path: Path) -> Keeping:
    return Keeping({name: how for name, how in ALL.items() if how != "plain"}, Pseudonyms(tmp_path / "keys"))


def with_opening(folder: Path, kept: Keeping) -> Files:
    return Files(folder, opened=lambda table: opened_table(table, kept.pseudonyms))


def test_given_inputs_are_kept_by_column(kept: Keeping) -> None:
    given: dict[str, object] = {"age": 41.0, "city": "Porto", "email": "a@b.example", "visits": 3, "gap": None}
    found = kept.kept(given)
    assert set(found) == {"age", "city", "visits", "gap"}
    assert (found["visits"], found["gap"]) == (3, None)
    assert "Porto" not in str(found)
    assert str(found["age"]).startswith(SEALED)
    assert opened_value(kept.pseudonyms, "age", found["age"]) == 41.0
    assert kept.kept(given) == found, "the same value is kept the same way, so drift of hashes could be counted"
    plain = {"visits": 3}
    assert kept.kept(plain) is plain
    assert kept.kept({"age": None}) == {"age": None}


def test_a_feature_table_is_sealed_on_disk_and_read_as_it_was(kept: Keeping, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"age": [41.0, np.nan, 41.0], "visits": [1.0, 2.0, 3.0], "city": ["Porto", "Faro", None], "email": ["x"] * 3},
        index=["c1", "c2", "c3"],
    )
    files = with_opening(tmp_path / "files", kept)
    digest = files.put_table(kept.table(features_table(frame)))
    assert files.put_table(kept.table(features_table(frame))) == digest
    raw = pq.read_table(pa.BufferReader(files.get(digest)))
    assert raw.column_names == ["entity", "age", "visits", "city"]
    assert not {"Porto", "41.0"} & set(map(str, raw["age"].to_pylist() + raw["city"].to_pylist()))
    read = files.table(digest).to_pandas().set_index("entity")
    pd.testing.assert_series_equal(read["age"], frame["age"].rename_axis("entity"))
    assert read["city"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize("values", [[True, False, None], [1, 2, None], ["a", "", None], [0.1, -1e300, None]])
def test_every_type_comes_back(kept: Keeping, tmp_path: Path, values: list[object]) -> None:
    table = pa.table({"entity": ["1", "2", "3"], "age": values})
    files = with_opening(tmp_path / "files", kept)
    assert files.table(files.put_table(kept.table(table))).equals(table)


def test_another_key_opens_nothing(kept: Keeping, tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    digest = files.put_table(kept.table(pa.table({"entity": ["1"], "age": [41.0]})))
    with pytest.raises(Tampered):
        opened_table(files.table(digest), Pseudonyms(tmp_path / "others"))


def test_monitors_see_sealed_inputs(kept: Keeping, tmp_path: Path) -> None:
    files = with_opening(tmp_path / "files", kept)
    reference = files.put_table(kept.table(pa.table({"entity": ["1", "2"], "age": [41.0, 50.0]})))
    inputs = '{"age": "' + str(kept.kept({"age": 33.0})["age"]) + '"}'
    answers = pd.DataFrame(
        {"entity": ["1", "2", "3"], "inputs": ["", "", inputs], "inputs_ref": [reference, reference, ""]}
    )
    assert features_of(files, answers, kept.pseudonyms)["age"].tolist() == [41.0, 50.0, 33.0]


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    one = Pseudonyms(tmp_path)
    assert one.mark("shop", "7") == Pseudonyms(tmp_path).mark("shop", "7") != one.mark("other", "7")
    assert (tmp_path / "person-key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "person-key").chmod(0o644)
    with pytest.raises(UserError, match="others can read"):
        Pseudonyms(tmp_path).mark("shop", "7")


def test_personal_columns_are_sealed_where_the_plan_says_nothing(tmp_path: Path) -> None:
    declared = "\ndata:\n  personal: [income]\n  personal_kept: {region: drop}\n"
    found = read_plan(WITHOUT_CODE.replace("\ndata:\n", declared))
    assert treatments(found) == {"income": "encrypt", "region": "drop"}
    assert unreadable(found) == {"region"}
    assert set(keeping(found, tmp_path).treated) == {"income", "region"}
