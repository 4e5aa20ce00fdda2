"""What the mistakes around models mean: by code, for `shipworthy explain`."""

from __future__ import annotations

_TEAMS_CODE = (
    "The team's own code is run by its functions features(), label() and train(); file, line and function are named, "
    "and nothing is recorded of a run that failed."
)
_NOT_OPENED = "Opening a file that can run code runs it, with the rights of the machine that serves everybody."

_ON_CODE = {
    "model.pipeline.raised": f"The team's code raised an error or called an exit. {_TEAMS_CODE}",
    "model.pipeline.syntax": "The file is not Python. It was read, not run.",
    "model.pipeline.unreadable": "The pipeline is not there, lies outside the product's folder, or is not UTF-8 text.",
    "model.pipeline.missing_function": "The pipeline lacks a function that is needed: features(), label() or train().",
    "model.pipeline.parameter": (
        "A function asks for something that there is not. Parameters are named after sources (a dash becomes an "
        "underscore), `as_of`, `until`, and for train() `features`, `label`, `entity`, `sample_weight`."
    ),
    "model.pipeline.not_a_table": "A function gave something else than a table (pandas, polars or Arrow).",
    "model.pipeline.repeated_column": "Two columns have one name, so nobody can tell which is meant.",
    "model.pipeline.no_entity": "The table does not say whom its rows are about: need.entity is no column or index.",
    "model.pipeline.no_entity_name": "Some rows have no entity, so their answer would be nobody's.",
    "model.pipeline.repeated_entity": "One entity has several rows, so it would get several answers. One row for each.",
    "model.pipeline.empty": "features() gave the entity only; a model needs something to look at.",
    "model.pipeline.infinite": "A feature is infinite, most often by a division by zero.",
    "model.pipeline.not_a_number": "A feature is a date or something else that no model reads. Turn it into a number.",
    "model.pipeline.mixed": "A feature mixes numbers and text, or holds lists. Make it all numbers or all text.",
    "model.pipeline.label_column": "label() gave several columns, none of them named `label`.",
    "model.pipeline.label_text": "Labels are text, but the product's answer is a probability (0, 1) or a number.",
    "model.pipeline.label_values": "Labels of a probability are 0 for no and 1 for yes, and nothing else.",
    "model.pipeline.label_classes": (
        "A label is no class that the plan declares (`need.classes`), or a number in place of its name. The list is "
        "closed: a new class is a change of plan."
    ),
    "model.pipeline.other_features": "features() gives other features than the candidate was made with.",
    "model.environment.unknown_import": "The pipeline imports a package whose version is not known here, so that its "
    "candidate could not be made again.",
}

_ON_LEARNING = {
    "model.data_refused": "A source breaks its contract. No candidate is made from data that nobody agreed to.",
    "model.no_features": "The plan says neither which pipeline makes the features nor which columns they are.",
    "model.no_label": "The plan says neither which pipeline makes the label nor which column it is.",
    "model.no_column": "A feature or label names a column that its source does not have.",
    "model.leak": "The label is among the features; a model would only copy it.",
    "model.no_rows": "features() gave no rows for the moment, so there is nobody to answer for.",
    "model.no_such_segment": "proof.segments names a column that is no feature, so no answer can be told apart by it.",
    "model.no_mature_labels": "No truth is known yet: it takes need.horizon after the moment asked about. Until then "
    "the baseline answers.",
    "model.nothing_weighed": "The truth is only known of those on whom the product acted, and of no truth is it known "
    "with which chance: a model that learnt from them would repeat the choices of the one before.",
    "model.empty_training": "Of the rows none is left to learn from: their truth is unknown, or they are held out.",
    "model.single_class": "All known truths are the same, so there is nothing to tell apart.",
}

_ON_MODELS = {
    "model.no_file": "model.file names a file that is not beside product.yaml.",
    "model.runs_code": f"The file is a pickle, or no .skops or .onnx file. {_NOT_OPENED} It was not opened.",
    "model.untrusted_type": (
        "A skops file holds a type off the trusted list, or train() gave a class of its own. Making such an object can "
        "run code. A type that was reviewed can be named in model.extra_trusted_types."
    ),
    "model.own_function": "The model holds a lambda or a local function; a file of data cannot hold code.",
    "model.not_skops": "The file ends in .skops but is none, or holds more than a skops file does.",
    "model.damaged": "The file cannot be made a model again, or its trees lead out of bounds. It gave no answer.",
    "model.cannot_keep": "skops cannot keep this estimator.",
    "model.not_a_model": "train() gave nothing that can answer: no fitted estimator, no ONNX model.",
    "model.other_classes": (
        "The model knows other classes than `need.classes` declares, only one of them, or does not name those of its "
        "probabilities."
    ),
    "model.not_two_classes": "A probability needs a model that was fitted to two classes.",
    "model.no_probability": "The product answers with a probability, and the model has no predict_proba.",
    "model.no_predict": "The model has no predict().",
    "model.other_features": "The model was fitted on other features than the plan gives, or in another order.",
    "model.onnx.unreadable": "The file is no ONNX model that can be run.",
    "model.onnx.external": "The weights lie in another file, which no digest would cover.",
    "model.onnx.inputs": "Inputs are one float matrix with the features in order, or one input for each by its name.",
    "model.onnx.fixed_rows": "The model was exported for a fixed number of rows.",
    "model.onnx.missing_integer": "A value is missing that the model takes as a whole number.",
    "model.onnx.not_installed": "The package onnxruntime is needed for ONNX models and not installed here.",
}

_ON_ANSWERING = {
    "model.digest": "Code, model, environment or candidate differ from what was signed.",
    "model.other_environment": "The installed versions differ from those that the candidate was made and proven with.",
    "model.missing_feature": "A feature that the candidate learnt from is not given.",
    "model.other_kind": "A feature is text where the candidate learnt from numbers, or the other way round.",
    "model.no_form": "The candidate answers in a compiled form, which needs the extra `onnx` where it is trees.",
    "model.cannot_score": "The model raised, or gave something that is no finite number for each row.",
    "model.not_a_baseline": "The file of the baseline holds something else.",
    "model.baseline.no_column": "This baseline looks at one feature, and the plan names none.",
    "model.baseline.unknown_column": "The baseline's column is no feature.",
    "model.baseline.text_column": "The baseline ranks by a number, and its column is text.",
    "model.baseline.no_labels": "This baseline is a mean of known truths, and none is known yet.",
    "model.baseline.not_a_class": "The column of the baseline last-value must hold declared classes.",
    "model.baseline.no_classes": "This kind of baseline has no way to answer with a class.",
    "model.baseline.not_a_probability": "The baseline's column is no probability, but the product answers with one.",
}

EXPLAINED: dict[str, str] = {**_ON_CODE, **_ON_LEARNING, **_ON_MODELS, **_ON_ANSWERING}
