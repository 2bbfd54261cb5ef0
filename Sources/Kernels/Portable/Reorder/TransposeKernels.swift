import KernelCore

// The transposing copies of this target.
package let transpose_x8_16x16_portable: CopyFunction = transposeFunction(InterleavedTile<SIMD16<UInt8>>.self)
package let transpose_x16_8x8_portable: CopyFunction = transposeFunction(InterleavedTile<SIMD8<UInt16>>.self)
package let transpose_x32_4x4_portable: CopyFunction = transposeFunction(InterleavedTile<SIMD4<UInt32>>.self)
package let transpose_x64_2x2_portable: CopyFunction = transposeFunction(InterleavedTile<SIMD2<UInt64>>.self)
