"""The model as a folder that `mlflow models serve` takes: `python mlflow_model.py MODEL FOLDER`, in its environment."""

import sys

import joblib
import mlflow.sklearn

# The probability is asked for, as from everybody else.
mlflow.sklearn.save_model(
    joblib.load(sys.argv[1]), sys.argv[2], pyfunc_predict_fn="predict_proba", serialization_format="cloudpickle"
)
