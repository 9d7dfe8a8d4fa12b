#!/usr/bin/env bash
# Runs mutmut over the domain and says which share of its mutants the tests find. Arguments are names of mutants,
# with stars. The tool needs a folder `src`; it begins anew each time: what survived before may be found by now.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf build/mutation
mkdir -p build/mutation/src
cp -r layers/common/python/grapevine build/mutation/src/
cp -r tests pyproject.toml build/mutation/
cd build/mutation
"$MUTMUT" run "$@" || true
"$MUTMUT" results --all true > results.txt || true
awk '/: / { count[$NF]++ } END {
    for (state in count) if (state != "checked") { all += count[state]; print count[state], state }
    killed = count["killed"] + count["timeout"]
    if (all) printf "%.1f %% of %d mutants killed\n", 100 * killed / all, all
}' results.txt
