"""Features, label and training of next-purchase: ordinary Python, owned by the team.

Shipworthy calls these three functions by name. Sources arrive as pandas frames under the names
that product.yaml gives them, already checked against their contracts and cut off before `as_of`.
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

NO_REPEAT_GAP = 90.0  # days between purchases of a customer who bought only once: one horizon


def features(purchases: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per customer: when, how often and how much they bought before `as_of`."""
    days = purchases.groupby(["customer_id", "date"], as_index=False)[["n_cds", "dollar_value"]].sum()
    per_customer = days.groupby("customer_id")
    first, last = per_customer["date"].min(), per_customer["date"].max()
    table = pd.DataFrame(
        {
            "recency": (as_of - last).dt.days,
            "tenure": (as_of - first).dt.days,
            "freq": per_customer.size() - 1,
            "n_cds": per_customer["n_cds"].sum(),
            "spend": per_customer["dollar_value"].sum(),
            "max_order": per_customer["dollar_value"].max(),
        }
    )
    repeated = table["freq"] > 0
    table["aov"] = table["spend"] / (table["freq"] + 1)
    table["gap"] = np.where(repeated, (last - first).dt.days / table["freq"].clip(lower=1), NO_REPEAT_GAP)
    table["overdue"] = table["recency"] / table["gap"].clip(lower=1)
    for window in (30, 90, 180):
        recent = days[days["date"] >= as_of - pd.Timedelta(days=window)].groupby("customer_id")
        table[f"orders_{window}"] = recent.size().reindex(table.index, fill_value=0)
        table[f"spend_{window}"] = recent["dollar_value"].sum().reindex(table.index, fill_value=0.0)
    return table.astype(float).reset_index()


def label(purchases: pd.DataFrame, as_of: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    """Who bought from `as_of` until before `until`; whoever is not listed did not."""
    bought = purchases.loc[(purchases["date"] >= as_of) & (purchases["date"] < until), "customer_id"].unique()
    return pd.DataFrame({"customer_id": bought, "label": 1})


def train(features: pd.DataFrame, label: pd.Series) -> Pipeline:
    """A logistic regression on the logarithms of what customers did."""
    model = make_pipeline(
        FunctionTransformer(np.log1p, feature_names_out="one-to-one"),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    )
    return model.fit(features, label)
