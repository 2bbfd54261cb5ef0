#!/bin/sh
# Fuzzes the IR reader: Tests/Fuzz/run.sh [libFuzzer options]
#
# Inputs that are found go to .build/fuzz/corpus. An input that fails is written to .build/fuzz; when the fault is mended it belongs
# into FailCases, which the ordinary tests replay.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p .build/fuzz/corpus
# One module, so that all of the reader is instrumented and no package has to know of the sanitizers.
swiftc -O -sanitize=fuzzer,address -parse-as-library -module-name FuzzReader -package-name ovrun -swift-version 6 \
  -o .build/fuzz/reader Tests/Fuzz/FuzzReader.swift $(find Sources/IRParser -name '*.swift')
exec .build/fuzz/reader -dict=Tests/Fuzz/ir.dict -max_len=16384 -timeout=5 -rss_limit_mb=2048 -malloc_limit_mb=256 \
  -artifact_prefix=.build/fuzz/ "$@" .build/fuzz/corpus Tests/Fuzz/Corpus Tests/Fuzz/FailCases
