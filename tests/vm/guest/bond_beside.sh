#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A plain bond and flowmob in the same move and the same failure, on one kernel. Ours has to lose nothing in the planned move.
set -euo pipefail
export FLOWMOB_LAB_PATIENCE=900
/usr/bin/python3 tests/vm/bond_beside.py
