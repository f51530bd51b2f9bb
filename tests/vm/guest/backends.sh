#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The virtual interface as a bond, a team and a bridge, which not every kernel makes, and what is given back of those that were there: the
# tests that are named, or those that pytest's options leave. --list names them all, and runs none.
set -euo pipefail
export FLOWMOB_PATIENCE=10 FLOWMOB_BUILD=$PWD/build PYTHONDONTWRITEBYTECODE=1
pytest=(/usr/bin/python3 -m pytest -p no:cacheprovider --color=no)
all=(tests/e2e/test_backends.py tests/e2e/test_given_back.py)
if [ "${1:-}" = --list ]; then "${pytest[@]}" --collect-only -q "${all[@]}" | grep '::' | grep -E 'test_backends|\[(bond|team)'; exit; fi
[[ "$*" = *::* ]] || set -- "${all[@]}" "$@"
"${pytest[@]}" -v "$@"
