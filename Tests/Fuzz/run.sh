#!/bin/sh
# Fuzzes what reads files: Tests/Fuzz/run.sh [reader|archive] [libFuzzer options]
#
# `reader` (the default) reads IRs, `archive` the ZIP archives that .npz files are. Inputs that are found go to
# .build/fuzz/<target>-corpus. An input that fails is written to .build/fuzz; when the fault is mended it belongs into FailCases, which
# the ordinary tests replay.
set -eu
cd "$(dirname "$0")/../.."
target=reader
case "${1-}" in
  reader | archive)
    target=$1
    shift
    ;;
esac
case $target in
  reader)
    sources=Tests/Fuzz/FuzzReader.swift
    seeds="-dict=Tests/Fuzz/ir.dict Tests/Fuzz/Corpus Tests/Fuzz/FailCases"
    ;;
  archive)
    sources="Tests/Fuzz/FuzzArchive.swift Sources/Quantize/Calibration/ZipArchive.swift Sources/Quantize/Calibration/Inflate.swift"
    seeds=Tests/Fuzz/Archives
    ;;
esac
mkdir -p .build/fuzz/$target-corpus
# One module, so that all of the reader is instrumented and no package has to know of the sanitizers; the module that its files import
# is empty.
echo | swiftc -emit-module -module-name OVRuntime -emit-module-path .build/fuzz/OVRuntime.swiftmodule -
# shellcheck disable=SC2046,SC2086 # Paths of the repository have no spaces.
swiftc -O -sanitize=fuzzer,address -parse-as-library -module-name Fuzz -package-name ovrun -swift-version 6 -I .build/fuzz \
  -o .build/fuzz/$target $sources $(find Sources/IRParser -name '*.swift')
# shellcheck disable=SC2086
exec .build/fuzz/$target -max_len=16384 -timeout=5 -rss_limit_mb=2048 -malloc_limit_mb=256 \
  -artifact_prefix=.build/fuzz/ "$@" .build/fuzz/$target-corpus $seeds
