#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The virtual interface as a bond, a team and a bridge, which not every kernel makes.
set -euo pipefail
export FLOWMOB_PATIENCE=10 FLOWMOB_BUILD=$PWD/build PYTHONDONTWRITEBYTECODE=1
/usr/bin/python3 -m pytest -q -p no:cacheprovider tests/e2e/test_backends.py "$@"
