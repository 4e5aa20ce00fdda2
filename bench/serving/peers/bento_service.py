"""A minimal BentoML service of the model that the variable MODEL names."""

import os

import bentoml
import joblib


@bentoml.service
class Single:
    """One row in, its probability out."""

    def __init__(self) -> None:
        self.model = joblib.load(os.environ["MODEL"])

    @bentoml.api  # type: ignore[untyped-decorator]  # the library is not here
    def predict(self, row: list[float]) -> float:
        """The probability of a yes."""
        return float(self.model.predict_proba([row])[0, 1])
