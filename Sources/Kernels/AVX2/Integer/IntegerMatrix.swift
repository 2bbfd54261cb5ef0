#if arch(x86_64)
import KernelCore

/// Tiles of I32x8.
enum I32x8Tiles: IntegerTiles {
  typealias Vector = I32x8

  @inline(__always) static func rows(width: Int) -> Int { 4 }

  @inline(__always) static func compute(rows: Int, width: Int, _ tiles: UnsafePointer<IntegerTileColumn>) {
    @inline(__always) func tile<let Rows: Int, let Width: Int>(
      _ rows: InlineArray<Rows, Void>.Type, _ width: InlineArray<Width, Void>.Type
    ) {
      computeIntegerTiles(Vector.self, rows, width, tiles)
    }
    switch (width, rows) {
    case (2, 4): tile(InlineArray<4, Void>.self, InlineArray<2, Void>.self)
    case (2, 3): tile(InlineArray<3, Void>.self, InlineArray<2, Void>.self)
    case (2, 2): tile(InlineArray<2, Void>.self, InlineArray<2, Void>.self)
    case (2, 1): tile(InlineArray<1, Void>.self, InlineArray<2, Void>.self)
    case (1, 4): tile(InlineArray<4, Void>.self, InlineArray<1, Void>.self)
    case (1, 3): tile(InlineArray<3, Void>.self, InlineArray<1, Void>.self)
    case (1, 2): tile(InlineArray<2, Void>.self, InlineArray<1, Void>.self)
    default: tile(InlineArray<1, Void>.self, InlineArray<1, Void>.self)
    }
  }
}

package func matrix_u8i8_4x16_avx2(_ block: UnsafePointer<IntegerBlock>) {
  computeIntegerBlock(I32x8Tiles.self, block)
}

package func winograd4x4Input_u8i8_avx2(_ input: UnsafePointer<IntegerWinogradInput>) {
  transformIntegerWinogradInput(I32x8.self, InlineArray<6, Void>.self, input)
}

package func winograd4x4Output_u8i8_avx2(_ output: UnsafePointer<IntegerWinogradOutput>) {
  transformIntegerWinogradOutput(I32x8.self, InlineArray<6, Void>.self, InlineArray<4, Void>.self, output)
}

package func winograd2x2Input_u8i8_avx2(_ input: UnsafePointer<IntegerWinogradInput>) {
  transformIntegerWinogradInput(I32x8.self, InlineArray<4, Void>.self, input)
}

package func winograd2x2Output_u8i8_avx2(_ output: UnsafePointer<IntegerWinogradOutput>) {
  transformIntegerWinogradOutput(I32x8.self, InlineArray<4, Void>.self, InlineArray<2, Void>.self, output)
}

package func matrix_i16_4x16_avx2(_ product: UnsafePointer<IntegerWinogradProduct>) {
  multiplyIntegerWinograd(I32x8.self, InlineArray<4, Void>.self, InlineArray<2, Void>.self, product)
}
#endif
