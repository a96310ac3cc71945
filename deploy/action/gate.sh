#!/usr/bin/env bash
# Asks the gate, waits for its decision, and ends as it ends: 0 only with a permit.
# From the environment: CHANGEGATE_SERVER, CHANGEGATE_TOKEN, ENVIRONMENT, RELEASE, PURPOSE, TIMEOUT, RUNNER_TEMP, GITHUB_OUTPUT.
set -euo pipefail

[ -n "$CHANGEGATE_TOKEN" ] || unset CHANGEGATE_TOKEN

folder="$(mktemp -d "$RUNNER_TEMP/changegate-permit.XXXXXX")"
permit="$folder/permit.json"
arguments=("--environment=$ENVIRONMENT" "--purpose=$PURPOSE" "--timeout=$TIMEOUT" --output=github "--permit-file=$permit")
[ -z "$RELEASE" ] || arguments+=("--release=$RELEASE")

code=0
changegate gate wait "${arguments[@]}" || code=$?
case "$code" in
  0) decision=allow ;;
  1) decision=deny ;;
  2) decision=usage ;;
  75) decision=unavailable ;;
  124) decision=undecided ;;
  *) decision=failed ;;
esac
if [ "$decision" = allow ] && [ ! -s "$permit" ]; then
  printf '::error title=Changegate::it said yes and left no permit: that is no yes\n'
  decision=failed code=70
fi
printf 'decision=%s\n' "$decision" >>"$GITHUB_OUTPUT"
if [ "$decision" = allow ]; then printf 'permit-file=%s\n' "$permit" >>"$GITHUB_OUTPUT"; fi
exit "$code"
