import Testing

@testable import OVRuntime

@Suite struct ViewTests {
  /// The offsets of a view's elements in row-major order of its shape.
  private func offsets(_ view: View) -> [Int] { view.shape.offsets(strides: view.strides).map { $0 + view.byteOffset / view.elementSize } }

  @Test func reshapesWithoutACopyWhereStridesAllow() throws {
    let dense = View(buffer: 0, .f32, [2, 3, 4])
    #expect(try #require(dense.reshaped(to: [6, 4])).strides == [4, 1])
    #expect(try #require(dense.reshaped(to: [2, 12, 1])).strides[1] == 1)
    let channelsLast = View(buffer: 0, .f32, [1, 8, 5, 5], order: .channelsLast(rank: 4))
    #expect(channelsLast.reshaped(to: [1, 200]) == nil)
    #expect(try #require(channelsLast.reshaped(to: [8, 25])).strides == [1, 8])
    #expect(try #require(channelsLast.reshaped(to: [1, 2, 4, 5, 5])).strides == [200, 4, 1, 40, 8])
  }

  @Test(arguments: 0..<200)
  func reshapedViewsShowTheSameElements(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let shape = (0..<Int.random(in: 1...4, using: &random)).map { _ in Int.random(in: 1...4, using: &random) }
    let view = View(buffer: 0, .f32, shape).permuted(Array(shape.indices).shuffled(using: &random))
    // Any factorisation of the element count, with ones strewn in.
    var target: [Int] = []
    var rest = view.elementCount
    while rest > 1 {
      let divisors = (2...rest).filter { rest % $0 == 0 }
      target.append(divisors.randomElement(using: &random)!)
      rest /= target.last!
      if Bool.random(using: &random) { target.append(1) }
    }
    if let reshaped = view.reshaped(to: target) {
      #expect(offsets(reshaped) == offsets(view), "seed \(seed): \(view.shape) \(view.strides) to \(target)")
    } else {
      #expect(!view.isDense, "seed \(seed): a dense view takes every shape")
    }
  }

  @Test func slicesAndOrders() {
    let view = View(buffer: 0, .f32, [2, 6, 4, 4], order: .channelsLast(rank: 4))
    #expect(view.order == .channelsLast(rank: 4))
    #expect(view.isContiguous(.channelsLast(rank: 4)))
    #expect(!view.isDense)
    let part = view.sliced(axis: 1, start: 2, count: 3)
    #expect(part.byteOffset == 8)
    #expect(part.shape == [2, 3, 4, 4])
    #expect(part.strides == view.strides)
    #expect(view.permuted([0, 2, 3, 1]).isDense)
    #expect(AxisOrder.channelsLast(rank: 4).permuted([0, 2, 3, 1]).isRowMajor)
  }
}

@Suite struct MemoryPlannerTests {
  @Test(arguments: 0..<100)
  func buffersThatLiveTogetherDoNotOverlap(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let requests = (0..<Int.random(in: 0...40, using: &random)).map { _ -> MemoryPlanner.Request in
      let first = Int.random(in: 0..<30, using: &random)
      return MemoryPlanner.Request(
        byteCount: Int.random(in: 0...5000, using: &random), firstStep: first, lastStep: first + Int.random(in: 0...6, using: &random))
    }
    let (offsets, total) = MemoryPlanner.place(requests)
    for (i, a) in requests.enumerated() where a.byteCount > 0 {
      #expect(offsets[i] % MemoryPlanner.alignment == 0 && offsets[i] + a.byteCount <= total, "seed \(seed)")
      for (j, b) in requests.enumerated().dropFirst(i + 1)
      where b.byteCount > 0 && a.firstStep <= b.lastStep && b.firstStep <= a.lastStep {
        #expect(offsets[i] + a.byteCount <= offsets[j] || offsets[j] + b.byteCount <= offsets[i], "seed \(seed): \(i) and \(j)")
      }
    }
    // Never more than all side by side, never less than the largest moment.
    let busiest = (0..<40).map { step in
      requests.filter { $0.firstStep <= step && step <= $0.lastStep }.reduce(0) { $0 + MemoryPlanner.aligned($1.byteCount) }
    }.max()!
    #expect(total <= requests.reduce(0) { $0 + MemoryPlanner.aligned($1.byteCount) } && total >= busiest, "seed \(seed)")
  }
}
