#!/usr/bin/env bash
# What tests alone do not show: layout, lint, memory errors, undefined behaviour, data races, the kernels of another
# processor, and a minute of fuzzing.
#   scripts/check.sh [format] [tidy] [asan] [tsan] [neon] [fuzz]      all of them without arguments
#   scripts/check.sh tidy_changed                                     lint of what changed last (scripts/tidy.sh)
# WEDLM_FUZZ_SECONDS sets how long all fuzz targets run together (60).
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/packages.sh

sources() { git ls-files --cached --others --exclude-standard -- '*.h' '*.cc' '*.inc'; }

check_format() {
  echo "Layout (clang-format)"
  sources | xargs clang-format --dry-run --Werror
}

check_tidy() {
  echo "Lint (clang-tidy)"
  scripts/build.sh release
  scripts/tidy.sh all
}

check_tidy_changed() {
  echo "Lint of what changed last (clang-tidy)"
  scripts/build.sh release
  scripts/tidy.sh changed
}

check_asan() {
  echo "AddressSanitizer and UndefinedBehaviorSanitizer"
  scripts/build.sh asan
  # Statistics of thousands of draws, rates, and the longest sweeps over shapes take minutes here and go no way that other
  # tests do not go; what threads do is ThreadSanitizer's, and what the page does the browser's. Kernels are asked by three
  # threads, not by one as well.
  local left_out='GateTest\.(WhatTheFilters|ASeedGives|WhereOneToken)|AdjustmentsTest\.(AMaskHas|OfTheExact|Guesses)'
  left_out+='|LogProbTest\.(AreThose|OfTheExact)|SamplingTest\.(FiltersAgree|DrawsFollow|EveryToken|TheOrder)|DrawsTest\.Follow'
  left_out+='|server/(answers|clients|load|openapi|page_.*|soak)$|^deploy/'  # abuse and guide go the same ways
  left_out+='|AttentionOverChunks|AgreesAfterLongPrefixes|PeaksTest\.AreRates|AThousandStreams|AttentionConformanceTest.*_3$'
  left_out+='|(NumberOfSteps|SizeOfTexts)IsBounded|NearTiesAreDecided|(Linear|LinearOfManyRowsAndMuchDepth|Predict)/amx_model'
  left_out+='|(OpConformance|Predict)Test.*/(portable|avx[0-9a-z_]*|amx|neon)_1$'
  left_out+='|Cpu/InvarianceTest|TrappedTilesTest|GenerateTest.*/reference'  # the same kernels, asked for the same bits
  ctest --test-dir build/asan --output-on-failure --parallel "$(nproc)" -L 'unit|conformance|e2e' -E "$left_out"
}

check_tsan() {
  echo "ThreadSanitizer, where threads meet"
  scripts/build.sh tsan base_tests engine_tests engine_backend_tests backend_conformance_tests server_tests
  local where='^(base_tests/T(hreadTeam|urns)|engine_tests/(Engine|Response|Scheduler)|engine_backend_tests/.*TwoEngines'
  where+='|server_tests/ServerTest)|ThreadsDoNotChangeAnything'
  ctest --test-dir build/tsan --output-on-failure --parallel "$(nproc)" -R "$where" -E 'AGateThatDemandsEquality|AThousandStreams'
}

check_neon() {
  echo "NEON kernels, built for 64-bit ARM and run by qemu-user"
  scripts/install_packages.sh "${cross_packages[@]}"
  scripts/build.sh aarch64 backend_tests backend_conformance_tests
  # Threads share the work as elsewhere, so that three of them are enough. Portable kernels are the same code as elsewhere,
  # the queued backend computes by the reference, the model of other processors' tiles is tested on theirs, and an emulator
  # has no rates. With WEDLM_ISA a build without NEON, or its dot products, fails.
  WEDLM_ISA=neon_dotprod ctest --test-dir build/aarch64 --output-on-failure --parallel "$(nproc)" \
    -R '^backend_(conformance_)?tests/' -E '_1$|portable_|amx_model|PeaksTest\.AreRatesOfAMachine'
}

check_fuzz() {
  echo "Fuzzing"
  scripts/build.sh asan fuzzers
  local targets=(build/asan/*_fuzz)
  local seconds=$((${WEDLM_FUZZ_SECONDS:-60} / ${#targets[@]}))
  for target in "${targets[@]}"; do
    echo "   $target for $seconds seconds"
    local corpus
    corpus=$(mktemp -d)
    "$target" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 "$corpus" \
      >"$corpus.log" 2>&1 || { tail -n 40 "$corpus.log" >&2; exit 1; }
    grep -E 'number_of_executed_units' "$corpus.log" | sed 's/^/   /'
    rm -rf "$corpus" "$corpus.log"
  done
}

echo "Debian packages"
scripts/install_packages.sh "${build_packages[@]}" "${test_packages[@]}" "${check_packages[@]}"
for check in "${@:-format tidy asan tsan neon fuzz}"; do
  for name in $check; do "check_$name"; done
done
echo "All checks passed"
