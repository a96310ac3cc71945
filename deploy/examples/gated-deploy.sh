#!/bin/sh
# A deployment behind the gate, for any place that has a shell:
#   CHANGEGATE_SERVER=https://changegate.acme.example CHANGEGATE_TOKEN=... \
#     gated-deploy.sh acme/web production 4f2c9e1b... run-17 ./deploy.sh ARGUMENTS
# It deploys only what the gate allowed, tells Changegate what became of it, and ends as the gate or the deployment ended.
set -eu

if [ "$#" -lt 5 ]; then
  echo "usage: $0 OWNER/NAME ENVIRONMENT SHA RUN COMMAND [ARGUMENT...]" >&2
  exit 2
fi
repository="$1" environment="$2" sha="$3" run="$4"
shift 4

asked() {
  changegate gate "$@" --repository "$repository" --environment "$environment" --sha "$sha" --run "$run"
}

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

code=0
asked wait --timeout "${CHANGEGATE_TIMEOUT:-30m}" --permit-file "$folder/permit.json" || code=$?
if [ "$code" -ne 0 ]; then
  case "$code" in
    1) echo "not deployed: change control says no, and why is above" >&2 ;;
    75) echo "not deployed: nobody could say whether it may; try again" >&2 ;;
    124) echo "not deployed: nobody decided in time; try again, or wait longer with CHANGEGATE_TIMEOUT" >&2 ;;
    *) echo "not deployed: the gate ended with $code" >&2 ;;
  esac
  exit "$code"
fi
if [ ! -s "$folder/permit.json" ]; then
  echo "not deployed: the gate said yes and left no permit; that is no yes" >&2
  exit 70
fi

asked report started
if "$@"; then
  asked report succeeded
else
  code=$?
  asked report failed
  exit "$code"
fi
