#!/usr/bin/env bash
# Runs mutmut over the domain and says which share of its mutants the tests find. Arguments are names of mutants,
# with stars, or `--sample N` for so many of all of them, drawn at random by SEED (else 1). The tool needs a folder
# `src`; it begins anew each time: what survived before may be found by now.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf build/mutation
mkdir -p build/mutation/src
cp -r layers/common/python/grapevine build/mutation/src/
cp -r tests pyproject.toml build/mutation/
cd build/mutation
if [ "${1:-}" = --sample ]; then
  wanted=$2
  shift 2
  # Nothing has this name: the mutants are made, and none is tried.
  "$MUTMUT" run no.such.mutant > /dev/null 2>&1 || true
  python3 - "$wanted" "${SEED:-1}" > sample.txt <<'SAMPLE'
import json, pathlib, random, sys

names = [
    name
    for path in sorted(pathlib.Path("mutants/src").rglob("*.meta"))
    for name in json.loads(path.read_text())["exit_code_by_key"]
]
print(*random.Random(int(sys.argv[2])).sample(names, min(int(sys.argv[1]), len(names))), sep="\n")
print(f"{len(names)} mutants in all", file=sys.stderr)
SAMPLE
  mapfile -t sample < sample.txt
  set -- "$@" "${sample[@]}"
fi
"$MUTMUT" run "$@" || true
"$MUTMUT" results --all true > results.txt || true
awk '/: / { count[$NF]++ } END {
    for (state in count) if (state != "checked") { all += count[state]; print count[state], state }
    killed = count["killed"] + count["timeout"]
    if (all) printf "%.1f %% of %d mutants killed\n", 100 * killed / all, all
}' results.txt
