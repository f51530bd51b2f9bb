#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The whole domain on this kernel: the verifier takes the programs of all three roles, packets go, a flow moves and comes back,
# and a link that is lost is left.
set -euo pipefail
export FLOWMOB_LAB_PATIENCE=900
flowmob=build/bin/flowmob
echo "kernel $(uname -r)"
"$flowmob" lab up >/dev/null
trap '"$flowmob" lab down >/dev/null' EXIT
status=$("$flowmob" lab status --json)
of() { python3 -c 'import json, sys; print(json.loads(sys.argv[1])'"$1"')' "$status"; }
address=$(of '["addresses"]["vif"].split("/")[0]')
anchor=$(of '["control"]["lma"]')
ping_node() { "$flowmob" lab exec cn -- ping -6 -c 10 -i 0.2 -W 5 "$address" | grep -q " 0% packet loss" || { echo "FAILED: $1"; exit 1; }; echo "ok: $1"; }
goes_by() { "$flowmob" --control "$anchor" show bindings --json | python3 -c 'import json, sys
print(next(row["mag"] for row in json.load(sys.stdin)["bindings"] if row["flow"] == "*"))'; }
ping_node "packets both ways"
for mag in mag1 mag2 mag1; do
  "$flowmob" --control "$anchor" flow move '*' --to "$mag" >/dev/null
  [ "$(goes_by)" = "$mag" ] || { echo "FAILED: the flow is not at $mag"; exit 1; }
  ping_node "packets by $mag"
done
"$flowmob" lab link mag1-mn down >/dev/null
for _ in $(seq 100); do [ "$(goes_by)" = mag2 ] && break; sleep 0.2; done
[ "$(goes_by)" = mag2 ] || { echo "FAILED: the flow stays at a link that was lost"; exit 1; }
ping_node "packets when the link was lost"
