"""A recipe with a step of every type, for batches that are played at random."""

from __future__ import annotations

HEAD = """
facts: {weight: {unit: kg, plausible: 2 to 150 kg, limit: <= 90 kg}}
parameters: {moi: {value: 3 TU/cell}}
hold times:
  - {hold time: Thawed vector, from: end of 1.4, to: end of 1.6, at most: 30 min}
out of specification: US IND
notifications:
  - {notify: Sponsor, of: supply out of specification, within: 1 h}
  - {notify: Physician, of: late adverse result, within: 4 h, acknowledged: "yes"}
"""
RECIPE = """
- operation: 1 Work
  steps:
  - step: 1.1 Bag
    check: {bag: {matches: coi}}
    verified by: verifier
  - step: 1.2 Scan
    use: {counter: {equipment: cell counter}}
  - step: 1.3 Count
    measure:
      cells: {unit: cells, limit: ">= 10 cells", plausible: 0 to 1000 cells}
      viable: {unit: "%", limit: ">= 50 %", repeats: 2, average: mean, round: half up to 0.1, cv: <= 15 %,
        outliers: measured again}
    from: cell counter
    verified by: verifier
  - step: 1.4 Vector
    add: {vector: {material: vector, gives: {titre: TU/mL}}}
  - step: 1.5 Volume
    calculate: {volume: {formula: cells * moi / titre, unit: uL, round: up to 0.1, limit: <= 500 uL}}
  - step: 1.6 Add
    record:
      added: {unit: uL, limit: within 5 % of volume, on action: hold}
      vessel: {one of: [closed, open], limit: closed}
      donation: {kind: donation number}
      product: {kind: product code}
    verified by: verifier
  - step: 1.7 Rest
    wait: {since: end of 1.6, at least: 1 h, at most: 30 h}
- operation: 2 Days
  repeat: {until: gate, is: enough, at most: 3}
  steps:
  - step: 2.1 Tube
    sample: {tube: {ask: Tube}}
  - step: 2.2 Grown
    record: {grown: {unit: cells, limit: ">= 5 cells"}}
  - step: 2.3 Growth
    calculate: {growth: {formula: grown / cells, unit: fold, round: down to 0.1}}
  - step: 2.4 Feed
    when: grown < 50 cells
    record: {fed: {unit: uL}}
    verified by: verifier
  - step: 2.5 Gate
    decide: {gate: {choices: {enough: {needs: growth >= 1}, another: , stop: {ends the batch: yes}}}}
- operation: 3 Label
  steps:
  - step: 3.1 Print
    print: {labels: {lines: ["{coi} {added}"], carries: [donation, product]}}
  - step: 3.2 Account
    reconcile: {accounted: {labels: labels}}
- operation: 4 Results
  steps:
  - step: 4.1 Dose
    calculate: {dose: {formula: grown / weight, unit: cells/kg, round: half up to 0.01}}
    performed by: analyst
  - step: 4.2 Blasts
    after: []
    result: {blasts: {one of: [none, some], limit: none, class: CQA}}
    method: Flow
    sample: tube
    performed by: analyst
    verified by: analyst
  - step: 4.3 Sterility
    after: []
    result: {sterility: {one of: [no growth, growth], limit: no growth, class: CQA, on action: hold}}
    method: Growth
    performed by: analyst
    needed for: final release
"""
