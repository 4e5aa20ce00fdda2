"""What comes in: sources with their contracts, and how they become features and labels."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from shipworthy.base.times import Length
from shipworthy.plan.fields import ColumnName, Duration, Flag, Name, Number, Section, Share, Span, Whole


class Typical(Section):
    """A value that a whole feed shows, held within bounds for each stretch of time."""

    median: Span | None = Field(
        None, description="The median of each stretch lies between these two.", examples=[[10, 80]]
    )
    mean: Span | None = Field(None, description="The mean of each stretch lies between these two.", examples=[[10, 80]])
    each: Duration = Field(default=Length(months=1), description="The stretch of time that is judged by itself.")


class Column(Section):
    """One column of a source and what it must look like."""

    type: Literal["text", "integer", "number", "date", "moment", "flag"] = Field(
        description="What its values are; `moment` is a date with a time, `flag` is true or false.", examples=["text"]
    )
    required: Flag = Field(True, description="`false`: the value may be missing in a row.")
    missing_at_most: Share = Field(0.0, description="The share of rows in which it may be missing, where not required.")
    min: Number | None = Field(None, description="The smallest value of an integer or number.")
    max: Number | None = Field(None, description="The largest value of an integer or number.")
    one_of: list[str] | None = Field(
        None, min_length=1, description="The only values it may take, as text.", examples=[["web", "shop"]]
    )
    pattern: str | None = Field(
        None, description="A regular expression that text must match whole.", examples=["[0-9]+"]
    )
    format: str | None = Field(
        None,
        description="How a date or moment is written, in strptime's terms; ISO 8601 if absent.",
        examples=["%d.%m.%Y"],
    )
    unit: str | None = Field(None, description="The unit of its values, so that a change of unit is a change of plan.")
    typical: Typical | None = Field(None, description="What a whole stretch of rows shows; catches a changed unit.")
    personal: Flag = Field(False, description="`true`: says something about a person.")


class RemovalRule(Section):
    """Rows that are removed on purpose, with a name under which they are counted."""

    name: Name = Field(description="The name under which removed rows are counted.", examples=["zero-value-order"])
    where: str = Field(
        min_length=3,
        description="A SQL condition over the source's columns; rows for which it holds go.",
        examples=["amount = 0"],
    )
    why: str = Field("", description="Why they do not count.")


class Volume(Section):
    """How many rows a stretch of time brings."""

    rows: tuple[Whole, Whole] = Field(description="At least and at most so many rows.", examples=[[500, 20000]])
    each: Duration | None = Field(
        None, description="The stretch of time that is counted by itself; absent: rows of the whole source."
    )


class Contract(Section):
    """What a table must look like before anything downstream may read it."""

    columns: dict[ColumnName, Column] = Field(
        min_length=1, description="The columns by name.", examples=[{"customer_id": {"type": "text"}}]
    )
    other_columns: Literal["ignore", "refuse"] = Field(
        "ignore", description="What happens when the source has columns that are not named here."
    )
    time: ColumnName | None = Field(
        None,
        description=(
            "The date or moment column that says when a row became true; rows at or after `as_of` are not read, so "
            "no feature sees the future."
        ),
        examples=["date"],
    )
    key: list[ColumnName] = Field(
        default=[], description="Columns that together name a row; a repeated key goes to quarantine."
    )
    duplicates: Literal["remove", "quarantine", "keep"] = Field(
        "quarantine", description="What happens to exactly repeated rows."
    )
    remove: list[RemovalRule] = Field(default=[], description="Rows removed on purpose, each rule counted by name.")
    quarantine_at_most: Share = Field(
        0.01, description="More bad rows than this share and the whole source is stopped."
    )
    volume: Volume | None = Field(None, description="How many rows are right; catches a cut or doubled file.")
    freshness: Duration | None = Field(
        None, description="The newest row is at most this old; needs `time`.", examples=["35d"]
    )
    vendor: str = Field("", description="Who provides it and how.")


class Pages(Section):
    """How an address that answers page by page leads from one page to the next."""

    by: Literal["link", "body", "number", "offset"] = Field(
        description=(
            "`link`: the header Link with rel=next; `body`: a field of a JSON answer that holds the next address; "
            "`number`, `offset`: a parameter of the address, until a page has no rows."
        ),
        examples=["body"],
    )
    name: str = Field(
        "",
        description="The field or the parameter; absent: `next`, `page` or `offset`. Dots lead to fields of fields.",
        examples=["paging.next"],
    )
    first: Whole = Field(1, description="With `number`: the number of the first page.")
    rows: str = Field(
        "", description="The field of a JSON answer that holds the list of rows; absent: it is one.", examples=["items"]
    )


class Source(Section):
    """A system that is read from."""

    kind: Name = Field(description="A member of data/sources: see `shipworthy explain kinds`.", examples=["csv"])
    path: str = Field(
        "",
        description="File or pattern, relative to product.yaml, or an fsspec address such as s3://bucket/file.",
        examples=["feed/purchases-*.csv"],
    )
    url: str = Field(
        "",
        description="Address of a database or of a file over https; ${NAME} is taken from the environment.",
        examples=["${WAREHOUSE_URL}"],
    )
    query: str = Field("", description="With a database: the table, or the SQL query that gives the rows.")
    sheet: str = Field("", description="With `kind: excel`: the sheet; absent: the first.", examples=["Orders"])
    version: Annotated[int, Field(strict=True, ge=0)] | Literal["as_of"] | None = Field(
        None,
        description=(
            "With `kind: delta`: the version of the table, or `as_of` for the one that was the newest at the moment "
            "of the snapshot; absent: the newest."
        ),
        examples=["as_of"],
    )
    format: Literal["", "csv", "jsonl", "json", "parquet"] = Field(
        "", description="With `kind: http`: what the answer is written in.", examples=["csv"]
    )
    headers: dict[str, str] = Field(
        default={},
        description="With `kind: http`: headers of the request, by name.",
        examples=[{"Authorization": "Bearer ${FEED_TOKEN}"}],
    )
    pages: Pages | None = Field(
        None,
        description="With `kind: http`: how to get from one page to the next; absent: there is one.",
        examples=[{"by": "link"}],
    )
    right_to_use: str = Field(
        "", description="On what ground the data may be used for this need; demanded for data about persons."
    )
    contract: Contract = Field(
        description="What the table must look like.", examples=[{"columns": {"customer_id": {"type": "text"}}}]
    )


class ColumnsFrom(Section):
    """Features that are columns of a source as they stand, one row per entity."""

    source: Name = Field(description="The name of a source.", examples=["applicants"])
    columns: list[ColumnName] = Field(
        min_length=1, description="Which of its columns are features, in order.", examples=[["income", "debt_ratio"]]
    )


class LabelFrom(Section):
    """A label that is a column of a source."""

    source: Name = Field(description="The name of a source.", examples=["outcomes"])
    column: ColumnName = Field(description="The column that holds the truth.", examples=["repaid"])
    yes: str | None = Field(
        None, description="The value that counts as yes; absent where the column is 0/1 or true/false.", examples=["Y"]
    )


class DueFrom(Section):
    """Which entities are owed an answer, where it is not everybody whom a source has ever named."""

    source: Name = Field(description="The source whose entities are due.", examples=["schedule"])
    within: Duration | None = Field(
        None,
        description="Only entities with a row this recent; needs `time` in the source's contract. Absent: every row.",
        examples=["1d"],
    )


class Data(Section):
    """How sources become features and labels: the team's pipeline, or columns as they stand."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["pipeline"]}, {"required": ["features", "label"]}]}
    )

    pipeline: str = Field(
        "",
        description="A Python file beside product.yaml with features(), label() and train().",
        examples=["pipeline.py"],
    )
    features: ColumnsFrom | None = Field(
        None,
        description="In place of a pipeline: the source and its columns.",
        examples=[{"source": "applicants", "columns": ["income"]}],
    )
    label: LabelFrom | None = Field(
        None,
        description="With `features`: where the truth comes from.",
        examples=[{"source": "outcomes", "column": "repaid"}],
    )
    due: DueFrom | None = Field(
        None,
        description=(
            "Which entities are owed an answer; absent: every entity that a source names. Declare it where an entity "
            "is an event, such as an order or a flight, that is over one day."
        ),
        examples=[{"source": "schedule", "within": "1d"}],
    )
    by_row: Name | None = Field(
        None,
        description=(
            "A source whose rows are answered by themselves, each the one row of its entity: lists of any size then "
            "take no more memory than some of its rows, and come in the order of the source."
        ),
        examples=["applicants"],
    )
    ages: list[ColumnName] = Field(default=[], description="Features that grow by themselves; their drift is expected.")
    personal: list[ColumnName] = Field(default=[], description="Columns and features that say something of a person.")
    personal_kept: dict[ColumnName, Literal["drop", "hash", "encrypt", "plain"]] = Field(
        default={},
        description=(
            "How a personal column is kept beside answers, in feature tables and the prediction log. `encrypt`, also "
            "for those not named: only the store's key opens it. `hash`: nobody reads it again. `drop`: not at all. "
            "`plain`: as it is. The entity's name is always kept, so that a person's rows are found."
        ),
        examples=[{"age": "encrypt", "email": "drop"}],
    )
