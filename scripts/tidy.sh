#!/usr/bin/env bash
# Lint (clang-tidy) of the sources of the library and the programs, by the compile commands of build/release, which must be built.
#   scripts/tidy.sh all       every file
#   scripts/tidy.sh changed   those that changed last, as many as WEDLM_TIDY_SECONDS (120) allow, and it says how many these were:
#                             first what is not committed, then commit after commit into the past. On a branch it ends where the
#                             branch left origin/main. In a clone of main itself nothing tells where a change began, so it goes on
#                             until the time is up.
# Of a header, and of an .inc, it looks at the .cc files that include it, the one of the same name first.
set -euo pipefail
cd "$(dirname "$0")/.."
which=${1:-all}

report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT
touch "$report/checked" "$report/late" "$report/failed"
# Clang does not read the headers that GCC has precompiled.
sed 's| -Winvalid-pch -include [^ ]*cmake_pch\.hxx||' build/release/compile_commands.json >"$report/compile_commands.json"

# Names of changed files, the newest change first; one name may come often.
changed() {
  local base
  base=$(git merge-base HEAD origin/main 2>/dev/null || true)
  if [[ $base == "$(git rev-parse HEAD)" ]]; then base=; fi
  git diff --name-only HEAD
  git ls-files --others --exclude-standard
  git log --format= --name-only ${base:+"$base.."}HEAD
}

# The .cc files that see what is in the files named.
seen_in() {
  while read -r name; do
    [[ -f $name ]] || continue
    case $name in
      *.cc) echo "$name" ;;
      *.h | *.inc)
        echo "${name%.*}.cc"
        git grep -lF "#include \"$name\"" -- 'wedlm/*.cc' 'cli/*.cc' || true
        ;;
    esac
  done
}

# Of the files named, each once, those that this machine's build compiles. Clang 14 cannot read LibTorch's headers.
built_here() {
  awk 'NR == FNR { is_built[$0]; next } /^wedlm\/train\/torch\// { next } !is_named[$0]++ && $0 in is_built' \
    <(sed -n "s|^ *\"file\": \"$(pwd -P)/\(.*\)\",\{0,1\}\$|\1|p" build/release/compile_commands.json) -
}

tidy_one() {
  if [[ -n $2 && $(date +%s) -ge $2 ]]; then
    echo "$1" >>"$3/late"
    return
  fi
  echo "$1" >>"$3/checked"
  local log
  log=$(mktemp -p "$3")
  clang-tidy --quiet -p "$3" --extra-arg=-Wno-unknown-warning-option "$1" >"$log" 2>&1 && return
  echo "$1" >>"$3/failed"
  cat "$log"
}
export -f tidy_one

case $which in
  all)
    files=$(git ls-files -- 'wedlm/*.cc' 'cli/*.cc' | built_here)
    deadline=
    ;;
  changed)
    files=$(changed | grep -E '^(wedlm|cli)/' | awk '!seen[$0]++' | seen_in | built_here)
    deadline=$(($(date +%s) + ${WEDLM_TIDY_SECONDS:-120}))
    ;;
  *)
    echo "scripts/tidy.sh: expected all or changed, got $which" >&2
    exit 2
    ;;
esac

if [[ -n $files ]]; then
  xargs -P "$(nproc)" -I {} bash -c 'tidy_one "$@"' tidy {} "$deadline" "$report" <<<"$files"
fi
count() { wc -l <"$report/$1"; }
echo "   $(count checked) files looked at, $(count failed) of them with findings, $(count late) left out because the time was up"
if [[ $(count late) -gt 0 ]]; then echo "   the first that was left out: $(head -n 1 "$report/late")"; fi
[[ $(count failed) -eq 0 ]]
