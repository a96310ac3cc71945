#!/usr/bin/env bash
# Puts the released `changegate-pipeline`, the small binary for pipelines, on PATH as `changegate`, once its SHA-256 is what the release, or the caller, says.
# From the environment: VERSION, SHA256, REPOSITORY, DOWNLOAD_TOKEN, RUNNER_TEMP, GITHUB_PATH, GITHUB_SERVER_URL, GITHUB_API_URL.
set -euo pipefail

refuse() {
  printf '::error title=Changegate::%s\n' "$1"
  exit 2
}

if [ "$VERSION" = none ]; then
  command -v changegate >/dev/null || refuse 'version is "none", and there is no changegate on PATH. Cure: name a release, such as v0.1.0'
  exit 0
fi
[[ "$VERSION" =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || refuse 'version is no release. Cure: write it like v0.1.0, or "none"'
[[ "$REPOSITORY" =~ ^[0-9A-Za-z-]+/[0-9A-Za-z._-]+$ ]] || refuse 'repository is not OWNER/NAME. Cure: name where the release is'
[[ "$SHA256" =~ ^([0-9a-f]{64})?$ ]] || refuse 'sha256 is not 64 hexadecimal digits in lower case'
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) name=changegate-pipeline-x86_64-linux ;;
  Linux-aarch64) name=changegate-pipeline-aarch64-linux ;;
  *) refuse 'releases are for Linux on x86_64 and aarch64. Cure: build changegate, put it on PATH, and set version to "none"' ;;
esac

folder="$RUNNER_TEMP/changegate-$VERSION"
mkdir -p "$folder"

# Only over TLS, also where it is redirected to.
get() {
  curl --fail --silent --show-error --location --proto =https --proto-redir =https --tlsv1.2 \
    --retry 3 --connect-timeout 10 --max-time 300 "$@"
}

# A file of the release. In a private repository it is known by a number only, which the list of the release says.
fetch() {
  if [ -z "$DOWNLOAD_TOKEN" ]; then
    get --output "$folder/$1" "${GITHUB_SERVER_URL:-https://github.com}/$REPOSITORY/releases/download/$VERSION/$1"
    return
  fi
  local url
  url="$(get --config - "${GITHUB_API_URL:-https://api.github.com}/repos/$REPOSITORY/releases/tags/$VERSION" <<<"header = \"Authorization: Bearer $DOWNLOAD_TOKEN\"" |
    jq --raw-output --arg name "$1" '.assets[] | select(.name == $name) | .url')"
  [ -n "$url" ] || refuse "release $VERSION of $REPOSITORY has no file $1"
  get --config - --header 'Accept: application/octet-stream' --output "$folder/$1" "$url" <<<"header = \"Authorization: Bearer $DOWNLOAD_TOKEN\""
}

fetch "$name"
if [ -z "$SHA256" ]; then
  fetch SHA256SUMS
  SHA256="$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }' "$folder/SHA256SUMS")"
  [[ "$SHA256" =~ ^[0-9a-f]{64}$ ]] || refuse "the checksum file of $VERSION does not say one SHA-256 of $name"
fi
if ! printf '%s  %s\n' "$SHA256" "$folder/$name" | sha256sum --check --strict --status; then
  rm -f "$folder/$name"
  refuse "$name of $VERSION is not what its checksum says; it was thrown away. Cure: find out who changed it before you try again"
fi
mkdir -p "$folder/bin"
mv "$folder/$name" "$folder/bin/changegate"
chmod 0755 "$folder/bin/changegate"
printf '%s\n' "$folder/bin" >>"$GITHUB_PATH"
