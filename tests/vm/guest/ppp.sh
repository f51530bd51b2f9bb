#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A mobile node whose only member is a PPP link (most kernels that tests run on have none).
exec python3 tests/vm/guest/ppp.py
