#!/usr/bin/env bash
# Pins every *.in with hashes for CPython 3.11 to 3.14 on any platform. `dev` is resolved first, with all there is
# in it; layers and apps are cut out of it, so that what the tests run is what ships. `--upgrade` moves to the newest.
set -euo pipefail
cd "$(dirname "$0")"
options=("$@")

compile() {
    "${UV:-uv}" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
        --no-emit-index-url --no-emit-find-links "${options[@]}" --output-file "$@"
}
compile dev.txt dev.in
# The Lambda runtime has the SDK and what it needs.
compile layer-common.txt layer-common.in --constraint dev.txt \
    --no-emit-package botocore --no-emit-package urllib3 --no-emit-package python-dateutil --no-emit-package six
compile layer-science.txt layer-science.in --constraint dev.txt
# What an app's own zip brings, beside the runtime's and the common layer's.
compile app-settle.txt app-settle.in --constraint dev.txt --no-emit-package urllib3 --no-emit-package typing-extensions
compile app-console.txt app-console.in --constraint dev.txt
compile app-place-order.txt app-place-order.in --constraint dev.txt
compile lock.txt lock.in
compile bench.txt bench.in
compile mutation.txt mutation.in --constraint dev.txt
