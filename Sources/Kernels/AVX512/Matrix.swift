#if arch(x86_64)
import KernelCore

/// Tiles of F32x16.
enum F32x16Tiles: MatrixTiles {
  typealias Vector = F32x16

  @inline(__always) static func rows(width: Int) -> Int { width == 2 ? 14 : width == 3 ? 8 : 14 }
  @inline(__always) static func leastRows(width: Int) -> Int { width == 2 ? 5 : width == 3 ? 3 : 8 }

  @inline(__always) static func compute(
    rows: Int, width: Int, _ block: UnsafePointer<MatrixBlock>,
    a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, columns: Int,
    initial: UnsafePointer<Float>?, columnBias: UnsafePointer<Float>?, rowBias: UnsafePointer<Float>?,
    residual: UnsafePointer<Float>?
  ) {
    @inline(__always) func tile<let Rows: Int, let Width: Int>(
      _ rows: InlineArray<Rows, Void>.Type, _ width: InlineArray<Width, Void>.Type
    ) {
      computeTile(
        Vector.self, rows, width, block, a: a, b: b, c: c, columns: columns, initial: initial, columnBias: columnBias,
        rowBias: rowBias, residual: residual)
    }
    switch (width, rows) {
    case (2, 14): tile(InlineArray<14, Void>.self, InlineArray<2, Void>.self)
    case (2, 13): tile(InlineArray<13, Void>.self, InlineArray<2, Void>.self)
    case (2, 12): tile(InlineArray<12, Void>.self, InlineArray<2, Void>.self)
    case (2, 11): tile(InlineArray<11, Void>.self, InlineArray<2, Void>.self)
    case (2, 10): tile(InlineArray<10, Void>.self, InlineArray<2, Void>.self)
    case (2, 9): tile(InlineArray<9, Void>.self, InlineArray<2, Void>.self)
    case (2, 8): tile(InlineArray<8, Void>.self, InlineArray<2, Void>.self)
    case (2, 7): tile(InlineArray<7, Void>.self, InlineArray<2, Void>.self)
    case (2, 6): tile(InlineArray<6, Void>.self, InlineArray<2, Void>.self)
    case (2, 5): tile(InlineArray<5, Void>.self, InlineArray<2, Void>.self)
    case (2, 4): tile(InlineArray<4, Void>.self, InlineArray<2, Void>.self)
    case (2, 3): tile(InlineArray<3, Void>.self, InlineArray<2, Void>.self)
    case (2, 2): tile(InlineArray<2, Void>.self, InlineArray<2, Void>.self)
    case (2, 1): tile(InlineArray<1, Void>.self, InlineArray<2, Void>.self)
    case (3, 8): tile(InlineArray<8, Void>.self, InlineArray<3, Void>.self)
    case (3, 7): tile(InlineArray<7, Void>.self, InlineArray<3, Void>.self)
    case (3, 6): tile(InlineArray<6, Void>.self, InlineArray<3, Void>.self)
    case (3, 5): tile(InlineArray<5, Void>.self, InlineArray<3, Void>.self)
    case (3, 4): tile(InlineArray<4, Void>.self, InlineArray<3, Void>.self)
    case (3, 3): tile(InlineArray<3, Void>.self, InlineArray<3, Void>.self)
    case (3, 2): tile(InlineArray<2, Void>.self, InlineArray<3, Void>.self)
    case (3, 1): tile(InlineArray<1, Void>.self, InlineArray<3, Void>.self)
    case (1, 14): tile(InlineArray<14, Void>.self, InlineArray<1, Void>.self)
    case (1, 13): tile(InlineArray<13, Void>.self, InlineArray<1, Void>.self)
    case (1, 12): tile(InlineArray<12, Void>.self, InlineArray<1, Void>.self)
    case (1, 11): tile(InlineArray<11, Void>.self, InlineArray<1, Void>.self)
    case (1, 10): tile(InlineArray<10, Void>.self, InlineArray<1, Void>.self)
    case (1, 9): tile(InlineArray<9, Void>.self, InlineArray<1, Void>.self)
    case (1, 8): tile(InlineArray<8, Void>.self, InlineArray<1, Void>.self)
    case (1, 7): tile(InlineArray<7, Void>.self, InlineArray<1, Void>.self)
    case (1, 6): tile(InlineArray<6, Void>.self, InlineArray<1, Void>.self)
    case (1, 5): tile(InlineArray<5, Void>.self, InlineArray<1, Void>.self)
    case (1, 4): tile(InlineArray<4, Void>.self, InlineArray<1, Void>.self)
    case (1, 3): tile(InlineArray<3, Void>.self, InlineArray<1, Void>.self)
    case (1, 2): tile(InlineArray<2, Void>.self, InlineArray<1, Void>.self)
    default: tile(InlineArray<1, Void>.self, InlineArray<1, Void>.self)
    }
  }
}

package func matrix_f32_14x32_avx512(_ block: UnsafePointer<MatrixBlock>) {
  computeBlock(F32x16Tiles.self, block)
}
#endif
