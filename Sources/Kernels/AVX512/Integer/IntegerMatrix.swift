#if arch(x86_64)
import KernelCore

/// Tiles of I32x16.
enum I32x16Tiles: IntegerTiles {
  typealias Vector = I32x16

  @inline(__always) static func rows(width: Int) -> Int { width == 4 ? 6 : 8 }

  @inline(__always) static func compute(rows: Int, width: Int, _ tiles: UnsafePointer<IntegerTileColumn>) {
    @inline(__always) func tile<let Rows: Int, let Width: Int>(
      _ rows: InlineArray<Rows, Void>.Type, _ width: InlineArray<Width, Void>.Type
    ) {
      computeIntegerTiles(Vector.self, rows, width, tiles)
    }
    switch (width, rows) {
    case (4, 6): tile(InlineArray<6, Void>.self, InlineArray<4, Void>.self)
    case (4, 5): tile(InlineArray<5, Void>.self, InlineArray<4, Void>.self)
    case (4, 4): tile(InlineArray<4, Void>.self, InlineArray<4, Void>.self)
    case (4, 3): tile(InlineArray<3, Void>.self, InlineArray<4, Void>.self)
    case (4, 2): tile(InlineArray<2, Void>.self, InlineArray<4, Void>.self)
    case (4, 1): tile(InlineArray<1, Void>.self, InlineArray<4, Void>.self)
    case (3, 8): tile(InlineArray<8, Void>.self, InlineArray<3, Void>.self)
    case (3, 7): tile(InlineArray<7, Void>.self, InlineArray<3, Void>.self)
    case (3, 6): tile(InlineArray<6, Void>.self, InlineArray<3, Void>.self)
    case (3, 5): tile(InlineArray<5, Void>.self, InlineArray<3, Void>.self)
    case (3, 4): tile(InlineArray<4, Void>.self, InlineArray<3, Void>.self)
    case (3, 3): tile(InlineArray<3, Void>.self, InlineArray<3, Void>.self)
    case (3, 2): tile(InlineArray<2, Void>.self, InlineArray<3, Void>.self)
    case (3, 1): tile(InlineArray<1, Void>.self, InlineArray<3, Void>.self)
    case (2, 8): tile(InlineArray<8, Void>.self, InlineArray<2, Void>.self)
    case (2, 7): tile(InlineArray<7, Void>.self, InlineArray<2, Void>.self)
    case (2, 6): tile(InlineArray<6, Void>.self, InlineArray<2, Void>.self)
    case (2, 5): tile(InlineArray<5, Void>.self, InlineArray<2, Void>.self)
    case (2, 4): tile(InlineArray<4, Void>.self, InlineArray<2, Void>.self)
    case (2, 3): tile(InlineArray<3, Void>.self, InlineArray<2, Void>.self)
    case (2, 2): tile(InlineArray<2, Void>.self, InlineArray<2, Void>.self)
    case (2, 1): tile(InlineArray<1, Void>.self, InlineArray<2, Void>.self)
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

package func matrix_u8i8_6x64_avx512vnni(_ block: UnsafePointer<IntegerBlock>) {
  computeIntegerBlock(I32x16Tiles.self, block)
}
#endif
