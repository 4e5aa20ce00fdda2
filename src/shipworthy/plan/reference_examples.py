"""Two complete products for the reference of product.yaml: one with a pipeline, one without any code."""

from __future__ import annotations

WITH_PIPELINE = """\
product: renewals

need:
  question: Which subscribers will cancel within the next two months?
  decision: The service team calls the 50 subscribers who are most likely to cancel.
  entity: subscriber
  horizon: 2mo

people:
  product_manager: product-manager
  builders: [data-scientist]
  operator: night-operator
  owners:
    business: business-owner
    technology: technology-owner
    privacy: privacy-owner
    legal: legal-owner
    compliance: compliance-owner
    validation: validation-owner

consumers:
  service:
    who: The service team, which calls subscribers
    person: sales-lead
    columns: [rank, subscriber, score, decision, reasons, answer_id]
    sinks: [call-list]
    every: 1w
    start: 2026-03-02
    deadline: 6h
    time_to_act: 5d
    capacity: 50
    guide: guides/service.md

sources:
  visits:
    kind: csv
    path: feed/visits-*.csv
    right_to_use: Contract with the subscriber; use of the service may be analysed to improve it.
    contract:
      time: day
      key: [subscriber, day]
      freshness: 8d
      columns:
        subscriber: {type: text, personal: true}
        day: {type: date}
        minutes: {type: number, unit: min, min: 0, max: 1440}
        cancelled: {type: flag}

sinks:
  call-list:
    kind: csv
    path: out/calls-{as_of}.csv
    rehearsal: rehearsal/calls-{as_of}.csv

data:
  pipeline: pipeline.py

model:
  baseline: {kind: column, column: minutes_30, higher_is: less}
  training: {snapshots: 3}

decision:
  top: 50
  yes: call
  no: leave

release:
  steps: [rehearsal, shadow, all]

respond:
  triggers:
    - {name: stale, on: alarm, do: [notify, retrain], again_after: 1mo}
    - {name: bad-feed, on: refusal, do: [notify, incident]}
    - {name: late-list, on: late, do: [notify]}
    - {name: broken-route, on: failed, do: [notify, incident]}
  routes:
    technology: file:messages
    service: file:messages
"""

WITHOUT_CODE = """\
product: repayment

need:
  question: Which applicants will repay their loan within a year?
  decision: The desk approves at once, declines, or looks at the papers itself.
  entity: application
  horizon: 1y

people:
  product_manager: product-manager
  builders: [data-scientist]
  operator: night-operator
  owners:
    business: business-owner
    technology: technology-owner
    privacy: privacy-owner
    legal: legal-owner
    compliance: compliance-owner
    validation: validation-owner

consumers:
  desk:
    who: The loan desk's own program
    person: desk-program
    mode: realtime
    latency: 200ms
    time_to_act: 1d
    columns: [application, score, decision, reasons, answer_id]

sources:
  applications:
    kind: sql
    url: ${WAREHOUSE_URL}
    query: SELECT * FROM applications
    right_to_use: Consent given with the application, for the decision on it.
    contract:
      time: applied_on
      key: [application]
      freshness: 3d
      columns:
        application: {type: text, personal: true}
        applied_on: {type: date}
        income: {type: number, unit: EUR, min: 0}
        debt_ratio: {type: number, min: 0, max: 5}
        region: {type: text, one_of: [north, south], personal: true}
  outcomes:
    kind: sql
    url: ${WAREHOUSE_URL}
    query: SELECT * FROM outcomes
    right_to_use: Contract of the loan.
    contract:
      time: settled_on
      freshness: 3d
      columns:
        application: {type: text, personal: true}
        settled_on: {type: date}
        repaid: {type: text, one_of: ["Y", "N"]}

data:
  features: {source: applications, columns: [income, debt_ratio]}
  label: {source: outcomes, column: repaid, yes: "Y"}

model:
  file: model.onnx
  baseline: {kind: column, column: debt_ratio, higher_is: less}

decision:
  threshold: 0.8
  ask: [0.5, 0.8]
  yes: approve
  no: decline
  ask_name: look
  humility: {out_of_range: 10%, unseen: true, missing_at_most: 1}

proof:
  performance: {metric: auc, floor: 0.6}
  fairness:
    - {column: region, source: applications}

release:
  cohorts: {names: [branch-1, branch-2]}

respond:
  triggers:
    - {name: stale, on: alarm, do: [notify]}
    - {name: bad-feed, on: refusal, do: [notify, incident]}
  routes: {technology: "file:messages"}
"""
