#if arch(x86_64)
import KernelCore

/// Tiles of F32x16.
enum F32x16Tiles: MatrixTiles {
  typealias Vector = F32x16

  @inline(__always) static var shape: MatrixTileShape { MatrixTileShape(rows: [9, 9, 9, 6, 5], leastRows: [8, 4, 3, 2, 2]) }

  @inline(__always) static func compute(
    rows: Int, width: Int, count: Int, _ block: UnsafePointer<MatrixBlock>, _ stack: UnsafeMutablePointer<MatrixTileStack>
  ) {
    @inline(__always) func tiles<let Rows: Int, let Width: Int>(
      _ rows: InlineArray<Rows, Void>.Type, _ width: InlineArray<Width, Void>.Type
    ) {
      computeTiles(Vector.self, Float.self, rows, width, count: count, block, stack)
    }
    switch (width, rows) {
    case (5, 5): tiles(InlineArray<5, Void>.self, InlineArray<5, Void>.self)
    case (5, 4): tiles(InlineArray<4, Void>.self, InlineArray<5, Void>.self)
    case (5, 3): tiles(InlineArray<3, Void>.self, InlineArray<5, Void>.self)
    case (5, 2): tiles(InlineArray<2, Void>.self, InlineArray<5, Void>.self)
    case (5, 1): tiles(InlineArray<1, Void>.self, InlineArray<5, Void>.self)
    case (4, 6): tiles(InlineArray<6, Void>.self, InlineArray<4, Void>.self)
    case (4, 5): tiles(InlineArray<5, Void>.self, InlineArray<4, Void>.self)
    case (4, 4): tiles(InlineArray<4, Void>.self, InlineArray<4, Void>.self)
    case (4, 3): tiles(InlineArray<3, Void>.self, InlineArray<4, Void>.self)
    case (4, 2): tiles(InlineArray<2, Void>.self, InlineArray<4, Void>.self)
    case (4, 1): tiles(InlineArray<1, Void>.self, InlineArray<4, Void>.self)
    case (3, 9): tiles(InlineArray<9, Void>.self, InlineArray<3, Void>.self)
    case (2, 9): tiles(InlineArray<9, Void>.self, InlineArray<2, Void>.self)
    case (2, 8): tiles(InlineArray<8, Void>.self, InlineArray<2, Void>.self)
    case (2, 7): tiles(InlineArray<7, Void>.self, InlineArray<2, Void>.self)
    case (2, 6): tiles(InlineArray<6, Void>.self, InlineArray<2, Void>.self)
    case (2, 5): tiles(InlineArray<5, Void>.self, InlineArray<2, Void>.self)
    case (2, 4): tiles(InlineArray<4, Void>.self, InlineArray<2, Void>.self)
    case (2, 3): tiles(InlineArray<3, Void>.self, InlineArray<2, Void>.self)
    case (2, 2): tiles(InlineArray<2, Void>.self, InlineArray<2, Void>.self)
    case (2, 1): tiles(InlineArray<1, Void>.self, InlineArray<2, Void>.self)
    case (3, 8): tiles(InlineArray<8, Void>.self, InlineArray<3, Void>.self)
    case (3, 7): tiles(InlineArray<7, Void>.self, InlineArray<3, Void>.self)
    case (3, 6): tiles(InlineArray<6, Void>.self, InlineArray<3, Void>.self)
    case (3, 5): tiles(InlineArray<5, Void>.self, InlineArray<3, Void>.self)
    case (3, 4): tiles(InlineArray<4, Void>.self, InlineArray<3, Void>.self)
    case (3, 3): tiles(InlineArray<3, Void>.self, InlineArray<3, Void>.self)
    case (3, 2): tiles(InlineArray<2, Void>.self, InlineArray<3, Void>.self)
    case (3, 1): tiles(InlineArray<1, Void>.self, InlineArray<3, Void>.self)
    case (1, 9): tiles(InlineArray<9, Void>.self, InlineArray<1, Void>.self)
    case (1, 8): tiles(InlineArray<8, Void>.self, InlineArray<1, Void>.self)
    case (1, 7): tiles(InlineArray<7, Void>.self, InlineArray<1, Void>.self)
    case (1, 6): tiles(InlineArray<6, Void>.self, InlineArray<1, Void>.self)
    case (1, 5): tiles(InlineArray<5, Void>.self, InlineArray<1, Void>.self)
    case (1, 4): tiles(InlineArray<4, Void>.self, InlineArray<1, Void>.self)
    case (1, 3): tiles(InlineArray<3, Void>.self, InlineArray<1, Void>.self)
    case (1, 2): tiles(InlineArray<2, Void>.self, InlineArray<1, Void>.self)
    default: tiles(InlineArray<1, Void>.self, InlineArray<1, Void>.self)
    }
  }
}

package func matrix_f32_6x64_avx512(_ block: UnsafePointer<MatrixBlock>) {
  computeBlock(F32x16Tiles.self, block)
}

/// The tiles of the kernel of this target.
package func matrixShape_f32_avx512() -> MatrixTileShape { F32x16Tiles.shape }
#endif
