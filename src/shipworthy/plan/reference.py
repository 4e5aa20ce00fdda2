"""The reference page of product.yaml, made from its schema, so that it cannot say anything else than the schema.

Write it anew with `python -m shipworthy.plan.reference > docs/reference/product-yaml.md`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from shipworthy.base.kinds import kind, kinds
from shipworthy.plan.check import CHECKS, PlanCheck
from shipworthy.plan.explanation import docstring
from shipworthy.plan.json_schema import product_schema
from shipworthy.plan.reference_examples import WITH_PIPELINE, WITHOUT_CODE

Schema = dict[str, Any]

_INTRODUCTION = """\
# product.yaml

<!-- Made from the schema: python -m shipworthy.plan.reference > docs/reference/product-yaml.md -->

One file declares one product: the need, the people, the consumers, the data, the model, the proof, the release, the
watch and the response. Write it on day one, before any model exists. `shipworthy check` says which needs it does not
meet, with line, reason and remedy; `shipworthy explain CODE` says more about any of its messages.

Write the schema beside the file with `shipworthy schema > product.schema.json` and begin product.yaml with this line:
editors then complete keys and show their meaning.

```yaml
# yaml-language-server: $schema=./product.schema.json
```

## How values are written

| what | how | not |
| --- | --- | --- |
| name | a small letter, then small letters, digits, `-` and `_`, at most 63: `call-list` | `Call List` |
| length of time | number and `ms`, `s`, `min`, `h`, `d`, `w`, `mo` (calendar month) or `y`: `3mo` | `3 months` |
| share | a percentage or a number from 0 to 1: `20%`, `0.2` | `20` |
| date | year, month, day: `2026-03-01` | `1 March` |
| flag | `true` or `false`; `yes`, `no`, `on` and `off` are ordinary text | `yes` |
| number | digits: `200`, `0.65` | `"200"`, `20_000` |
| text that looks like something else | in quotes: `"0123"`, `"Y: yes"` | |
| value from the environment | `${NAME}`, in `path`, `url` and `routes` | a password or token |

Unknown keys, repeated keys, tabs for indentation and YAML tags are refused. A key that is not marked *required* may
be left out; its default is then in force. The order of keys does not matter.
"""

_KINDS = (
    ("sources", "data/sources", "`sources.NAME.kind`"),
    ("sinks", "deliver/sinks", "`sinks.NAME.kind`"),
    ("baselines", "model/baselines", "`model.baseline.kind`"),
    ("monitors", "watch/monitors", "the keys of `watch.monitors`, and `of` of a trigger on alarm"),
    ("actions", "respond/actions", "`do` of a trigger"),
)

_PIPELINE = """\
## The pipeline

The file that `data.pipeline` names is ordinary Python, owned by the team. It has three functions, which are called by
name. Each source comes as a pandas frame under the name that product.yaml gives it: ask for those you need. The rows
have been checked against the contract and lie before `as_of` (for label(): before `until`). Where label() lists only
entities with a 1, whoever it does not list is a no; in every other case, and for a number, whoever it does not list is
unknown and takes no part in training or proof. [The guide to models](../guide/models.md) says more.

```python
def features(visits: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    ...  # one row per entity: the entity's column and one column for each feature

def label(visits: pd.DataFrame, as_of: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    ...  # the entity's column and `label`, 1 for yes, for what happened from as_of until before until

def train(features: pd.DataFrame, label: pd.Series) -> object:
    ...  # a fitted scikit-learn estimator
```
"""

_EXAMPLES = f"""\
## Two complete examples

A product with a pipeline. Beside the file lie `pipeline.py`, with the functions features(), label() and train(), and
`guides/service.md`.

```yaml
{WITH_PIPELINE}```

A product without code: features and label are columns as they stand, and the model comes as a file.

```yaml
{WITHOUT_CODE}```
"""


def product_reference() -> str:
    """The reference page in Markdown."""
    schema = product_schema()
    sections = "\n".join(_section(path, part, schema) for path, part in _parts("", schema, schema))
    return "\n".join((_INTRODUCTION, _overview(schema), sections, _PIPELINE, _kinds(), _checks(), _EXAMPLES))


def _overview(schema: Schema) -> str:
    rows = "\n".join(
        f"| {_link(path) if (path := _inner(name, field, schema)[0]) else f'`{name}`'} "
        f"| {'required' if name in schema['required'] else ''} | {_meaning(field, schema)} |"
        for name, field in schema["properties"].items()
    )
    return f"## The sections\n\n| key | | meaning |\n| --- | --- | --- |\n{rows}\n"


def _parts(path: str, section: Schema, schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every section below one, in the order of the file, with its path."""
    for name, field in section["properties"].items():
        inner_path, inner = _inner(f"{path}.{name}".removeprefix("."), field, schema)
        if inner is not None:
            yield inner_path, inner
            yield from _parts(inner_path, inner, schema)


def _inner(path: str, field: Schema, schema: Schema) -> tuple[str, Schema | None]:
    """Path and schema of the section that a field holds: itself, as items of a list, or by name."""
    for suffix, holder in (("", field), ("[]", field.get("items")), (".NAME", _by_name(field))):
        if isinstance(holder, dict) and "$ref" in holder:
            return path + suffix, schema["$defs"][holder["$ref"].rsplit("/", 1)[1]]
    return "", None


def _by_name(field: Schema) -> Any:
    patterns = field.get("patternProperties", {})
    return next(iter(patterns.values()), None) or field.get("additionalProperties")


def _section(path: str, section: Schema, schema: Schema) -> str:
    required = section.get("required", [])
    rows = "\n".join(
        f"| `{name}` | {_type(field, f'{path}.{name}', schema)} | {_default(name, field, required)} "
        f"| {_meaning(field, schema)} |"
        for name, field in section["properties"].items()
    )
    level = "##" if "." not in path.replace(".NAME", "") and "[" not in path else "###"
    header = "| key | type | default | meaning |\n| --- | --- | --- | --- |"
    return f"{level} {path}\n\n{section['description']}\n\n{header}\n{rows}\n"


def _type(field: Schema, path: str, schema: Schema) -> str:
    inner_path, inner = _inner(path, field, schema)
    if inner is not None:
        return _link(inner_path)
    if "anyOf" in field and "title" not in field:
        given = [option for option in field["anyOf"] if option != {"type": "null"}]
        return " or ".join(_plain_type(option) for option in given) + " or null"
    return _plain_type(field)


def _plain_type(field: Schema) -> str:
    if "enum" in field:
        dashed = {word for word in field["enum"] if word.replace("_", "-") not in field["enum"] or "_" not in word}
        return " · ".join(f"`{word}`" for word in field["enum"] if word in dashed)
    if "title" in field:
        return str(field["title"])
    if field.get("type") == "array":
        return "[low, high]" if "prefixItems" in field else f"list of {_plain_type(field['items'])}"
    if field.get("type") == "object":
        return "text by name"
    plain = {"string": "text", "integer": "whole number", "number": "number", "boolean": "flag"}[field["type"]]
    return plain + _limits(field)


def _limits(field: Schema) -> str:
    """What a number may be, for its type.

    >>> _limits({"minimum": 1, "maximum": 120}), _limits({"exclusiveMinimum": 0}), _limits({})
    (', 1 to 120', ', more than 0', '')
    """
    low, high, above, below = (field.get(f"{kind}imum") for kind in ("min", "max", "exclusiveMin", "exclusiveMax"))
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    words = (("at least", low), ("more than", above), ("at most", high), ("less than", below))
    given = " and ".join(f"{word} {bound:g}" for word, bound in words if bound is not None)
    return f", {given}" if given else ""


def _default(name: str, field: Schema, required: list[str]) -> str:
    if name in required:
        return "**required**"
    if field.get("default") in (None, "", [], {}):
        return "–"
    return f"`{_yaml(field['default'])}`"


def _meaning(field: Schema, schema: Schema) -> str:
    reference = field.get("$ref", "")
    described = schema["$defs"][reference.rsplit("/", 1)[1]]["description"] if reference else ""
    text = str(field.get("description") or described)
    example = (field.get("examples") or [None])[0]
    if example is not None and not isinstance(example, dict) and not reference:
        text += f" Such as `{_yaml(example)}`."
    return text.replace("|", "\\|")


def _yaml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_yaml(item) for item in value)}]"
    return value if isinstance(value, str) else json.dumps(value)


def _link(path: str) -> str:
    anchor = re.sub(r"[^\w-]", "", path.lower())
    return f"[{path}](#{anchor})".replace("[]]", "\\[\\]]")


def _kinds() -> str:
    lines = ["## Kinds", "", "A name may be written with `-` or `_`.", ""]
    for title, folder, used in _KINDS:
        lines += [f"### {title.capitalize()}", "", f"Written as {used}.", "", "| name | what it is |", "| --- | --- |"]
        for name in kinds(folder):
            first = docstring(folder, name).split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
            lines.append(f"| `{name.replace('_', '-')}` | {first} |")
        lines.append("")
    return "\n".join(lines)


def _checks() -> str:
    rows = "\n".join(
        f"| `plan.{name}` | {kind(CHECKS, name, PlanCheck).asks} | {kind(CHECKS, name, PlanCheck).why} |"
        for name in kinds(CHECKS)
    )
    return (
        "## What the whole plan is held against\n\n"
        "A plan that can be read is held against itself. Where a check fails, the plan is not adopted; where it warns, "
        "the warning is shown. `shipworthy explain CODE` gives an example of each.\n\n"
        f"| code | question | why |\n| --- | --- | --- |\n{rows}\n"
    )


if __name__ == "__main__":
    print(product_reference(), end="")
